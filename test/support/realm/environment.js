import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { constants, createContext, runInContext, Script } from 'node:vm';
import NodeEnvironment from 'jest-environment-node';

/** Each realm has these of its own; jest gives a test file those of Node's realm, which Node's own functions answer with. */
const FROM_NODE = new Set(['ArrayBuffer', 'Uint8Array']);

const requireOfNode = createRequire(import.meta.url);
const scripts = new Map();

/** Compiled once for a worker: V8 shares the code, and nothing else, among the realms that run it. */
function compile(filename) {
  const known = scripts.get(filename);
  if (known !== undefined) return known;
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`;
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const script = new Script(source, { filename, importModuleDynamically });
  scripts.set(filename, script);
  return script;
}

/**
 * Jest's environment of Node: a realm of its own for each test file, made faster in two ways.
 *
 * Its global object is a plain one. Jest's own is a proxy behind the interceptors of `vm`, where each mention of `Array`,
 * `Object` or `process` costs half a microsecond.
 *
 * The packages that link-packages.mjs linked are compiled once for each worker, and run anew in each realm.
 */
export default class PlainEnvironment extends NodeEnvironment {
  constructor(config, context) {
    super(config, context);
    const prepared = this.global;
    this.context = createContext(constants.DONT_CONTEXTIFY);
    this.global = runInContext('globalThis', this.context);
    for (const name of Reflect.ownKeys(prepared)) {
      if (!Object.hasOwn(this.global, name) || FROM_NODE.has(name)) this.#take(prepared, name);
    }
    this.global.global = this.global;
    this.moduleMocker = new this.moduleMocker.constructor(this.global);
    this.fakeTimersModern = new this.fakeTimersModern.constructor({
      config: config.projectConfig,
      global: this.global,
    });
    // Those of before jest 27, which patch the global object that they were made with.
    this.fakeTimers = null;
    Object.defineProperty(this.global, Symbol.for('linked'), { value: this.#makeLoader() });
  }

  async teardown() {
    await super.teardown();
    this.global = null;
  }

  /** What Node makes at its first use stays unmade until then. */
  #take(prepared, name) {
    const { global } = this;
    const descriptor = Object.getOwnPropertyDescriptor(prepared, name);
    if ('value' in descriptor || !descriptor.configurable) {
      Object.defineProperty(global, name, descriptor);
      return;
    }
    const { enumerable } = descriptor;
    const set = (value) => {
      Object.defineProperty(global, name, { configurable: true, enumerable, value, writable: true });
      return value;
    };
    Object.defineProperty(global, name, { configurable: true, enumerable, set, get: () => set(prepared[name]) });
  }

  /** Loads linked files as CommonJS does, with the `process` of the test file. */
  #makeLoader() {
    const { global, context } = this;
    const directory = process.env['TEST_LINKED_PACKAGES'];
    const modules = new Map();
    const require = (id) => {
      if (id.startsWith('./')) return load(id.slice(2));
      return /^(node:)?process$/.test(id) ? global.process : requireOfNode(id);
    };
    const load = (name) => {
      const known = modules.get(name);
      if (known !== undefined) return known.exports;
      const module = { exports: new global.Object() };
      modules.set(name, module);
      const filename = join(directory, name);
      compile(filename).runInContext(context)(module.exports, require, module, filename, directory);
      return module.exports;
    };
    return load;
  }
}
