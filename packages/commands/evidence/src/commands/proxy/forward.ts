import { policyAppraiser, type Mode } from '@enclos/atls';
import { createAttestedProxy, type ProxyAddress, type ProxyEvent } from '@enclos/atls/proxy';
import type { Io } from '@enclos/cli-frame';
import { addressText, type NetworkAddress } from '@enclos/command-line';
import { collateralOfServer, type CollateralChoice } from '../../evidence/peer-collateral.ts';
import { readQuotePolicy } from '../../policy/quote-policy.ts';
import { untilClosed } from './until-closed.ts';

export interface ForwardOptions {
  readonly target: NetworkAddress;
  readonly policyFile: string;
  readonly listen: ProxyAddress;
  readonly allowOtherMachines: boolean;
  readonly leastMode: Mode;
  readonly collateral: CollateralChoice;
}

/** Learns what the proxy does. */
export interface ForwardView {
  /** @param server as the command line names it */
  listening(address: ProxyAddress, server: string): void;
  event(event: ProxyEvent): void;
  ended(): void;
}

/**
 * Runs a proxy until a signal.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_POLICY_INVALID, ATLS_PROXY_ADDRESS
 */
export async function forward(
  options: ForwardOptions,
  io: Pick<Io, 'onSignal' | 'now'>,
  view: ForwardView,
): Promise<void> {
  const { target, policyFile, listen, allowOtherMachines, leastMode, collateral } = options;
  const policy = await readQuotePolicy(policyFile, 'attested TLS carries');
  const proxy = createAttestedProxy({
    target,
    leastMode,
    appraise: policyAppraiser({
      policy,
      collateral: (presented) => collateralOfServer(presented, collateral),
      now: io.now,
    }),
    onEvent: (event) => view.event(event),
  });
  const address = await proxy.listen(listen, { allowOtherMachines });
  const ending = untilClosed(proxy, io);
  view.listening(address, addressText(target));
  await ending;
  view.ended();
}
