import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { closeHttpApp } from '../../src/http/app.ts';
import { findFreePort } from '../../src/http/free-port.ts';
import { until } from '../support/account-acts.ts';
import { ask, type HttpApp, post, startHttpApp } from '../support/http-app.ts';

async function untilShed({ port }: HttpApp): Promise<Awaited<ReturnType<typeof post>>> {
  for (;;) {
    const answer = await post(port, {});
    if (answer.status !== 200) return answer;
    await sleep(50);
  }
}

describe('too much load', () => {
  test('of memory is BUSY with a time to come back, while health answers', async () => {
    const http = await startHttpApp({ SHED_HEAP_MIB: '1' });
    const { status, headers, errors } = await untilShed(http);
    expect([status, headers['retry-after']]).toEqual([503, '2']);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BUSY', retryAfter: 2, requestId: headers['x-request-id'] });
    expect((await ask(http.port, { path: '/health/live' })).status).toBe(200);
    expect((await ask(http.port, { path: '/health/ready' })).status).toBe(200);
    expect((await ask(http.port, { path: '/elsewhere' })).status).toBe(503);
    expect(http.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    http.clock.advanceSeconds(11);
    await post(http.port, {});
    expect(http.log.filter(({ level }) => level === 'warn')).toHaveLength(2);
    await http.stop();
  });

  test('of the event loop is BUSY, too', async () => {
    const http = await startHttpApp({ SHED_DELAY_MS: '1' });
    const lag = setInterval(() => {
      const end = performance.now() + 60;
      while (performance.now() < end);
    }, 1);
    const { status, code } = await untilShed(http);
    clearInterval(lag);
    expect([status, code]).toEqual([503, 'BUSY']);
    await http.stop();
  });

  test('is not what delays below the limit are, each longer than two samples of the delay are apart', async () => {
    // So high a limit that no machine reaches it by itself.
    const http = await startHttpApp({ SHED_DELAY_MS: '30000' });
    const statuses: number[] = [];
    for (let block = 0; block < 3; block += 1) {
      const end = performance.now() + 600;
      while (performance.now() < end);
      statuses.push((await post(http.port, {})).status);
    }
    await http.stop();
    expect(statuses).toEqual([200, 200, 200]);
  });

  test('is not what a quiet server has', async () => {
    const http = await startHttpApp();
    await sleep(1_200);
    expect((await post(http.port, {})).status).toBe(200);
    await http.stop();
  });
});

describe('stopping', () => {
  /** Answers that wait to be let go, and how many requests wait for theirs. */
  async function startGatedApp() {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let waiting = 0;
    const handleGraphql = () => {
      waiting += 1;
      return opened.then(() => '{"data":{"late":true}}');
    };
    const http = await startHttpApp({}, { handleGraphql });
    return { http, open, untilWaiting: () => until('a request is under way', () => waiting > 0) };
  }
  /** A stop begins by listening no more. */
  const untilStopping = ({ app }: HttpApp) => until('the stop has begun', () => !app.server.listening);

  test('waits for the answers under way, and for idle connections not at all', async () => {
    const { http, open, untilWaiting } = await startGatedApp();
    const idle = connectTcp(http.port, '127.0.0.1');
    idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const answer = post(http.port, {});
    await untilWaiting();
    const stopped = closeHttpApp(http.app, 60_000);
    await untilStopping(http);
    await expect(ask(http.port, {})).rejects.toThrow();
    open();
    expect((await answer).text).toBe('{"data":{"late":true}}');
    await stopped;
    idle.destroy();
  });

  test('answers what comes on a busy connection meanwhile, and closes it then', async () => {
    const { http, open, untilWaiting } = await startGatedApp();
    const socket = connectTcp(http.port, '127.0.0.1');
    const request =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    socket.write(request);
    await untilWaiting();
    const stopped = closeHttpApp(http.app, 60_000);
    await untilStopping(http);
    await new Promise((written) => socket.write(request, written));
    open();
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(text).toMatch(/connection: close/i);
    await stopped;
  });

  test('waits no longer than it was told', async () => {
    const { http, untilWaiting } = await startGatedApp();
    const answer = post(http.port, {}).catch((error: Error) => error.message);
    await untilWaiting();
    await closeHttpApp(http.app, 200);
    expect(await answer).toBe('socket hang up');
  });
});

test('a free port can be listened on', async () => {
  const port = await findFreePort('127.0.0.1');
  expect(port).toBeGreaterThan(1_023);
  expect(await findFreePort('127.0.0.1')).toBeGreaterThan(1_023);
});
