/** Drives a program by HTTP, and says what that has cost it. */
import autocannon from 'autocannon';

/** Sends one request and answers status and text. */
export async function send(url, { headers = {}, body }) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/**
 * Keeps `connections` busy for `seconds`. `next(slot)` gives each request, `done(slot, body)` takes each answer; a slot is one
 * connection. Every answer must have the status `expected`.
 */
export async function drive(program, { next, done, expected = 200, connections, seconds }) {
  let slots = 0;
  const statuses = new Map();
  const request = {
    method: 'POST',
    path: '/graphql',
    setupRequest(wanted, context) {
      context.slot ??= slots++;
      const { headers = {}, body } = next(context.slot);
      return { ...wanted, headers: { 'content-type': 'application/json', ...headers }, body };
    },
    onResponse(status, body, context) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      done?.(context.slot, body, status);
    },
  };
  const before = program.cpuUs();
  const begun = performance.now();
  const result = await autocannon({ url: program.url, connections, duration: seconds, requests: [request] });
  const cpuUs = program.cpuUs() - before;
  const elapsed = (performance.now() - begun) / 1_000;
  const answers = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const wrong = [...statuses].filter(([status]) => ![expected].flat().includes(status));
  if (wrong.length > 0 || answers === 0 || result.errors > 0) {
    throw new Error(`${program.name}: ${result.errors} errors, answers by status ${JSON.stringify([...statuses])}`);
  }
  const good = statuses.get([expected].flat()[0]) ?? 0;
  return {
    cpuUs: cpuUs / answers,
    perSecond: good / elapsed,
    p50: result.latency.p50,
    p99: result.latency.p99,
    rssMb: program.rssMb(),
    answers,
  };
}

/** The times of requests sent one after another, `everyMs` apart: what one person feels, in milliseconds. */
export async function feel(url, next, { seconds, everyMs = 10 }) {
  const times = [];
  const until = performance.now() + seconds * 1_000;
  for (let slot = 0; performance.now() < until; slot += 1) {
    const begun = performance.now();
    const { status } = await send(url, next(slot));
    if (status !== 200) throw new Error(`a request in between was answered ${status}`);
    times.push(performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(times.length / 2)], p99: times[Math.floor(times.length * 0.99)] };
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
