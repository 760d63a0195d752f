import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';

/** Names the descriptor of the channel to the watchdog. A process without it has no watchdog. */
export const beatVariable = 'ENCLOS_BEAT';

/** The descriptor that the watchdog gives to the process. */
export const beatDescriptor = 3;

/** How often a living process reports to its watchdog. */
export const beatMs = 500;

/**
 * Reports to the watchdog for as long as this process works: the event loop runs, and the thread pool answers, without which no file
 * can be read.
 * @param orphaned called when the watchdog is gone: nothing would end this process when it hangs.
 * @returns false when this process has no watchdog.
 */
export function startBeating(environment: NodeJS.ProcessEnv, orphaned: () => void): boolean {
  if (environment[beatVariable] !== `${beatDescriptor}`) return false;
  const channel = new Socket({ fd: beatDescriptor });
  channel.on('error', () => undefined).once('close', orphaned);
  // A socket that is not read from does not notice its end.
  channel.resume().unref();
  let isBusy = false;
  const beat = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    // Through the thread pool: four file operations that hang would make all others wait.
    await stat('/proc/self');
    channel.write('.');
    isBusy = false;
  };
  void beat();
  setInterval(() => void beat(), beatMs).unref();
  return true;
}
