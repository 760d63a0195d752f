import { median } from './statistics.ts';

/** What one run of a contender came to. */
export interface Sample {
  readonly perSecond: number;
  /** Processor time of the server for one request, in microseconds: all its processes together. */
  readonly serverMicros: number;
  /** The host's part of it. */
  readonly hostMicros: number;
}

/** Medians over the rounds; each ratio is the median of those within a round. */
export interface Compared extends Sample {
  /** To the first contender, or to the one that was named. */
  readonly rateRatio: number;
  readonly serverRatio: number;
  /** The host's part against the whole of the other server. */
  readonly hostRatio: number;
  /** What the processes below the host take, which are the enclave and its wrappers, and that against the whole of the other server. */
  readonly enclaveMicros: number;
  readonly enclaveRatio: number;
}

const enclaveMicrosOf = ({ serverMicros, hostMicros }: Sample): number => serverMicros - hostMicros;

/** Runs all contenders in turn, so that a slower moment of the machine meets all of them. One round before warms up. */
export async function compareAll<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<(name: Name, against: Name) => Compared> {
  // Object.keys forgets the key type; `contenders` has exactly these names.
  const names = Object.keys(contenders) as Name[];
  const seen: Readonly<Record<Name, Sample>>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const samples: Partial<Record<Name, Sample>> = {};
    for (const name of names) samples[name] = await contenders[name]();
    // Each name has its sample now.
    if (round > 0) seen.push(samples as Record<Name, Sample>);
  }
  return (name, against) => {
    const over = (of: (round: Readonly<Record<Name, Sample>>) => number): number => median(seen.map(of));
    return {
      perSecond: over((round) => round[name].perSecond),
      serverMicros: over((round) => round[name].serverMicros),
      hostMicros: over((round) => round[name].hostMicros),
      rateRatio: over((round) => round[name].perSecond / round[against].perSecond),
      serverRatio: over((round) => round[name].serverMicros / round[against].serverMicros),
      hostRatio: over((round) => round[name].hostMicros / round[against].serverMicros),
      enclaveMicros: over((round) => enclaveMicrosOf(round[name])),
      enclaveRatio: over((round) => enclaveMicrosOf(round[name]) / round[against].serverMicros),
    };
  };
}
