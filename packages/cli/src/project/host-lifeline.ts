// Loaded into a host program before its own code: it must not outlive the tool that started it. Descriptor 3 is a pipe
// that the tool holds the other end of, and the kernel closes it however the tool ends.
import { Socket } from 'node:net';

const lifeline = new Socket({ fd: 3 });
lifeline.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGTERM'));
// Started, and no reason for the program to go on.
lifeline.resume().unref();
