import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PACKAGE_FOLDER } from './package-folder.ts';

/** As V8 prints a frame of a module: `at name (file:///…/main.js:12:5)`, or without name and parentheses. */
const PLACE = /(file:\/\/[^\s()]+):(\d+):(\d+)(?=\)?$)/;

/** Where the build stands. */
const BUILD = join(PACKAGE_FOLDER, 'dist');

/** One for each file of the build that an error came from. */
const maps = new Map<string, SourceMap>();

/**
 * The frame of a stack with its place in the sources, as `src/…` from the package's folder on; unchanged where no map leads there. Maps
 * are read when the first error needs them: Node's own `--enable-source-maps` reads all of them at the start, and on Node 24 they then
 * take a sixth of an idle server's memory.
 *
 * Never throws, and reads below `build` alone: an error's message may repeat what a client sent, and look like a frame.
 */
export function toSourceFrame(frame: string, build = BUILD): string {
  const [place, file = '', line, column] = PLACE.exec(frame) ?? [];
  if (place === undefined) return frame;
  try {
    const { href } = new URL(file);
    if (!href.startsWith(`${pathToFileURL(build).href}/`)) return frame;
    const origin = mapOf(href).findOrigin(Number(line), Number(column));
    if (!('fileName' in origin)) return frame;
    const source = relative(PACKAGE_FOLDER, fileURLToPath(new URL(origin.fileName, href)));
    return frame.replace(place, `${source}:${origin.lineNumber}:${origin.columnNumber}`);
  } catch {
    // No map, one of a build half way, or no file of ours: the error that is to be logged matters more.
    return frame;
  }
}

function mapOf(file: string): SourceMap {
  const known = maps.get(file);
  if (known !== undefined) return known;
  const map = new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${file}.map`), 'utf8')));
  maps.set(file, map);
  return map;
}
