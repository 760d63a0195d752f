import { socketStateAt } from '@enclos/tee/unix-socket';

/** Whether a process accepts connections at a Unix socket. A killed process leaves its socket, which then refuses. */
export async function isListening(path: string): Promise<boolean> {
  return (await socketStateAt(path)) === 'answers';
}
