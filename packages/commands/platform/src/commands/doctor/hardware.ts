import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { detectPlatforms, type DetectedPlatform } from '@enclos/tee/platforms';
import { info, type Check } from './check.ts';

/** A thing that a platform needs, and whether it is here. */
export interface PlatformPart {
  readonly name: string;
  readonly present: boolean;
  /** What it is for. */
  readonly purpose: string;
}

/** What of a hardware platform this machine shows. It says nothing of whether it works: that only evidence does. */
export interface PlatformReport {
  readonly platform: DetectedPlatform['platform'];
  /** `host`: what starts enclaves. `inside`: what code in the enclave or the machine asks. */
  readonly place: 'host' | 'inside';
  /** Where its driver is. */
  readonly driver: string;
  /** Nothing is missing. */
  readonly complete: boolean;
  readonly parts: readonly PlatformPart[];
  /** False: no driver for hardware was run on hardware yet. */
  readonly runOnHardware: false;
}

/** What is looked at of a machine. */
export interface HardwareView {
  detect(): Promise<readonly DetectedPlatform[]>;
  /** Whether this user may read and write a file. */
  isUsable(path: string): Promise<boolean>;
  /** Whether PATH has a program. */
  hasCommand(name: string): Promise<boolean>;
}

type Need = readonly [kind: 'interface' | 'file' | 'command', name: string, purpose: string];

const platforms: readonly (Pick<PlatformReport, 'platform' | 'place' | 'driver'> & {
  readonly title: string;
  readonly needs: readonly Need[];
})[] = [
  {
    platform: 'gramine',
    place: 'host',
    driver: '@enclos/tee/gramine-host',
    title: 'SGX, Gramine',
    needs: [
      ['file', '/dev/sgx_enclave', 'SGX of the processor, by the driver of Linux 5.11'],
      ['command', 'gramine-sgx', 'starts enclaves'],
      ['command', 'gramine-sgx-sign', 'measures and signs a manifest'],
      ['file', '/var/run/aesmd/aesm.socket', "Intel's service that makes quotes"],
    ],
  },
  {
    platform: 'gramine',
    place: 'inside',
    driver: '@enclos/tee/gramine',
    title: 'inside Gramine',
    needs: [['interface', 'gramine', 'reports, keys and quotes']],
  },
  {
    platform: 'tsm',
    place: 'inside',
    driver: '@enclos/tee/tsm',
    title: 'SEV-SNP or TDX guest, configfs-tsm',
    needs: [
      ['interface', 'tsm', 'reports, from Linux 6.7'],
      ['file', '/sys/kernel/config/tsm/report', 'the right to make an entry: root, or a folder that root gave away'],
    ],
  },
  {
    platform: 'azure-vtpm',
    place: 'inside',
    driver: '@enclos/tee/azure-vtpm',
    title: 'SEV-SNP or TDX guest, Azure vTPM',
    needs: [
      ['interface', 'azure-vtpm', 'the TPM, by the resource manager of the kernel'],
      ['file', '/dev/tpmrm0', 'the right to use it'],
      ['command', 'tpm2_nvread', 'reads the hardware report; of tpm2-tools 5'],
      ['command', 'tpm2_quote', 'has the TPM quote; of tpm2-tools 5'],
    ],
  },
];

const machine: HardwareView = {
  detect: () => detectPlatforms(),
  isUsable: (path) => permits(path, constants.R_OK | constants.W_OK),
  async hasCommand(name) {
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    const found = await Promise.all(folders.map((folder) => permits(join(folder, name), constants.X_OK)));
    return found.includes(true);
  },
};

function permits(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** Which hardware platforms this machine shows, and what each lacks. It only tells: nothing is chosen by it. */
export async function probePlatforms(view: HardwareView = machine): Promise<readonly PlatformReport[]> {
  const detected = await view.detect();
  const isHere = ([kind, name]: Need): Promise<boolean> => {
    if (kind === 'interface') return Promise.resolve(detected.some(({ platform }) => platform === name));
    return kind === 'file' ? view.isUsable(name) : view.hasCommand(name);
  };
  const reports = platforms.map(async ({ platform, place, driver, needs }): Promise<PlatformReport> => {
    const present = await Promise.all(needs.map(isHere));
    const parts = needs.map(([kind, name, purpose], index) =>
      Object.freeze({
        name: kind === 'interface' ? `interface of ${name}` : name,
        present: present[index] === true,
        purpose,
      }),
    );
    const complete = parts.every((part) => part.present);
    return Object.freeze({ platform, place, driver, complete, parts: Object.freeze(parts), runOnHardware: false });
  });
  return Object.freeze(await Promise.all(reports));
}

/** One line each. They are all optional, so none is marked good or bad. */
export function checkPlatforms(reports: readonly PlatformReport[]): readonly Check[] {
  return reports.map(({ platform, place, driver, complete, parts }) => {
    const title = platforms.find((known) => known.platform === platform && known.place === place)?.title ?? platform;
    const lacks = parts.filter(({ present }) => !present).map(({ name, purpose }) => `${name} (${purpose})`);
    const found = complete ? 'everything is here' : `missing: ${lacks.join(', ')}`;
    return info(`hardware: ${title}`, `${found}; ${driver}, not yet run on hardware`);
  });
}
