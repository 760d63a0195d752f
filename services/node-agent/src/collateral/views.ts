import { createView } from '@enclos/host/exposition';
import type { CollateralState } from './keeper.ts';

type TimeOf = (state: CollateralState) => number | undefined;

/** The collateral of the node's pods, for Prometheus. Without an agent that keeps it, the families have no samples. */
export function collateralViews(state: () => CollateralState | undefined) {
  const time = (name: string, help: string, timeOf: TimeOf) =>
    createView({ name: `enclos_agent_collateral_${name}_timestamp_seconds`, help }, () => {
      const held = state();
      const seconds = held === undefined ? undefined : timeOf(held);
      return seconds === undefined ? [] : [[{}, seconds]];
    });
  return [
    time('issued', 'When the oldest document of the collateral for pods was issued.', ({ issuedAt }) => issuedAt),
    time('expiry', 'When the first document of the collateral for pods ends.', ({ endsAt }) => endsAt),
    time('confirmed', 'When --collateral was last read with success.', ({ confirmedAt }) => confirmedAt),
    createView(
      { name: 'enclos_agent_collateral_ready', help: '1 while pods have collateral that is in force.' },
      () => {
        const held = state();
        return held === undefined ? [] : [[{}, held.unready === undefined ? 1 : 0]];
      },
    ),
  ];
}
