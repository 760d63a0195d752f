import { constants } from 'node:os';

/** The descriptor of the passage in the courier, after those that every process has and the channel to its host. */
const passageDescriptor = 4;

/**
 * The program of a courier, as a text, so that hosts in one file carry it. The documented `send` of a child process gives it
 * sockets; inside, it uses the interpreter's own pipes, as the platform's loader does. It tells the results in the order of the
 * messages, once a turn. It ends with its host, which closes the channel even if it is killed, and not by the signals that a
 * terminal sends to the host too: the host may need it for longer.
 */
export const courierProgram = `'use strict';
const { internalBinding } = require('internal/test/binding');
const { Pipe, constants } = internalBinding('pipe_wrap');
const { WriteWrap } = internalBinding('stream_wrap');
const passage = new Pipe(constants.IPC);
passage.open(${passageDescriptor});
let results = [];
const tell = () => {
  const told = results;
  results = [];
  if (process.connected) process.send(told);
};
const finish = (status) => {
  if (results.push(status) === 1) setImmediate(tell);
};
process.on('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.on('message', (frame, socket) => {
  const handle = socket === undefined ? null : socket._handle;
  if (handle === null) return finish(${-constants.errno.ECONNRESET});
  socket._handle = null;
  socket.destroy();
  // Bytes that arrived are the enclave's. Node begins to read with the next turn.
  handle.readStop();
  const write = new WriteWrap();
  const done = (status) => {
    handle.close();
    finish(status);
  };
  write.oncomplete = done;
  const status = passage.writeLatin1String(write, frame, handle);
  if (status !== 0) done(status);
});
// It is ready.
tell();
`;
