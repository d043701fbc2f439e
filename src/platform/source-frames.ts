import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_FOLDER } from './package-folder.ts';

/** As V8 prints a frame of a module: `at name (file:///…/main.js:12:5)`, or without name and parentheses. */
const PLACE = /(file:\/\/[^\s()]+):(\d+):(\d+)(?=\)?$)/;

/** One for each file of the build that an error came from. */
const maps = new Map<string, SourceMap | undefined>();

/**
 * The frame of a stack with its place in the sources, as `src/…` from the package's folder on; unchanged where no map leads there.
 * Maps are read when the first error needs them: Node's own `--enable-source-maps` reads all of them at the start, and on Node 24
 * they then take a sixth of an idle server's memory.
 */
export function toSourceFrame(frame: string): string {
  const [place, file = '', line, column] = PLACE.exec(frame) ?? [];
  if (place === undefined) return frame;
  const origin = mapOf(file)?.findOrigin(Number(line), Number(column));
  if (origin === undefined || !('fileName' in origin)) return frame;
  const source = relative(PACKAGE_FOLDER, fileURLToPath(new URL(origin.fileName, file)));
  return frame.replace(place, `${source}:${origin.lineNumber}:${origin.columnNumber}`);
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(fileURLToPath(`${file}.map`)));
  return maps.get(file);
}

/** A map that cannot be read, of a build half way, must not take the error with it that is to be logged. */
function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
