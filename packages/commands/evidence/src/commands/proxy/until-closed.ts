import type { Io } from '@enclos/cli-frame';

/** What a signal ends. */
interface Closing {
  close(options: { readonly graceMs: number }): Promise<void>;
}

const graceMs = 5000;

/** The first signal lets connections on which bytes pass go on for a while; a second one does not. */
export function untilClosed(proxy: Closing, { onSignal }: Pick<Io, 'onSignal'>): Promise<void> {
  return new Promise((resolve) => {
    let isSecond = false;
    const stop = onSignal(() => {
      const closed = proxy.close({ graceMs: isSecond ? 0 : graceMs });
      isSecond = true;
      void closed.then(() => {
        stop();
        resolve();
      });
    });
  });
}
