// Loaded into a host program before its code, so that it does not outlive the tool that started it. Descriptor 3 is a
// pipe whose other end the tool holds; the kernel closes it when the tool ends for any reason.
import { Socket } from 'node:net';

const lifeline = new Socket({ fd: 3 });
lifeline.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGTERM'));
// Watch the pipe, but do not keep the program alive for it.
lifeline.resume().unref();
