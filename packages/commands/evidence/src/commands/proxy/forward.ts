import { collateralOfPeer, policyAppraiser, type Mode, type PresentedEvidence } from '@enclos/atls';
import { createAttestedProxy, type AttestedProxy, type ProxyAddress, type ProxyEvent } from '@enclos/atls/proxy';
import type { Io } from '@enclos/cli-frame';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { NetworkAddress } from '@enclos/command-line';
import { fetchCollateralFor, readCollateralFile, type CollateralFetch } from '../../evidence/collateral-of.ts';
import { readPolicy } from '../../policy/file.ts';

/** Where the collateral of the server comes from. What the server sends is fetched when it sends none. */
export type CollateralChoice =
  | { readonly from: 'file'; readonly file: string }
  | {
      readonly from: 'server' | 'source';
      readonly fetch: CollateralFetch;
    };

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
  listening(address: ProxyAddress, target: NetworkAddress): void;
  event(event: ProxyEvent): void;
  ended(): void;
}

const graceMs = 5000;

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
  const policy = await readPolicy(policyFile);
  if (policy.kind !== 'dcap') {
    const message = `${policyFile} is not a policy for SGX or TDX quotes, which attested TLS carries.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path: policyFile } });
  }
  const proxy = createAttestedProxy({
    target,
    leastMode,
    appraise: policyAppraiser({
      policy: policy.rules,
      collateral: (presented) => collateralFor(presented, collateral),
      now: io.now,
    }),
    onEvent: (event) => view.event(event),
  });
  const address = await proxy.listen(listen, { allowOtherMachines });
  const ending = untilClosed(proxy, io);
  view.listening(address, target);
  await ending;
  view.ended();
}

/** The first signal lets connections on which bytes pass go on for a while; a second one does not. */
function untilClosed(proxy: AttestedProxy, { onSignal }: Pick<Io, 'onSignal'>): Promise<void> {
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

async function collateralFor(presented: PresentedEvidence, choice: CollateralChoice): Promise<unknown> {
  if (choice.from === 'file') return (await readCollateralFile(choice.file)).json;
  try {
    if (choice.from === 'server') return collateralOfPeer(presented);
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_COLLATERAL_MISSING')) throw error;
  }
  const evidence = { form: 'quote', bytes: presented.quote } as const;
  return (await fetchCollateralFor(evidence, { fetch: choice.fetch }, undefined)).json;
}
