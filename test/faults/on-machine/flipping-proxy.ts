// On a machine of the lab: takes connections for other ports and passes them on to loopback. On SIGUSR1 the next piece
// of each connection, whichever way it goes, has one byte that is another. Arguments: from:to ports.
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';

let flips = 0;
process.on('SIGUSR1', () => (flips += 1));

/** Passes everything on, and counts for itself which flips it has done. */
function flipping(): Transform {
  let done = flips;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      if (done < flips && chunk.length > 0) {
        done = flips;
        const at = Math.floor(chunk.length / 2);
        chunk[at] = (chunk[at] ?? 0) ^ 0xff;
      }
      next(null, chunk);
    },
  });
}

for (const pair of process.argv.slice(2)) {
  const [from, to] = pair.split(':').map(Number);
  createServer((client) => {
    const server = connect(to ?? 0, '127.0.0.1');
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(flipping()).pipe(server);
    server.pipe(flipping()).pipe(client);
  }).listen(from);
}
