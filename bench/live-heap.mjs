/** Loaded into the server where memory is measured: at SIGUSR2 it collects garbage and writes what is left to standard error. */
process.on('SIGUSR2', () => {
  globalThis.gc();
  process.stderr.write(`live heap ${process.memoryUsage().heapUsed}\n`);
});
