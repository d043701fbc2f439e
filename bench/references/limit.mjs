/** As little as can be done: Node's own HTTP, one named statement, one JSON text. No GraphQL; who asks is a header. */
import { createServer } from 'node:http';
import pg from 'pg';
import { DATABASE_URL, port, SQL, toUser } from './who.mjs';

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

createServer((request, response) => {
  request.resume().on('end', async () => {
    const { rows } = await pool.query({ name: 'me', text: SQL, values: [request.headers['user-id']] });
    const body = JSON.stringify({ data: { me: toUser(rows[0]) } });
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
}).listen(port, '127.0.0.1');
