import { join } from 'node:path';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { freePort } from '@enclos/testkit';
import type { Workshop } from '../workshop.ts';
import {
  loadClaimant,
  signedService,
  startTestService,
  type Claimant,
  type DevelopmentConfiguration,
  type TestService,
  type TestServiceOptions,
} from './attestation-service.ts';

/** The service in its enclave, and an enclave that asks it, on one platform. */
export interface ServiceScene {
  readonly platform: EmbeddedPlatform;
  /** Of the service, also after a restart. */
  readonly port: number;
  readonly claimant: Claimant;
  /** The one that runs now. */
  readonly service: TestService;
  /** Starts the service that was stopped, with the store, the configuration and the audit log that it left. */
  start(): Promise<void>;
  /** Ends claimant and service; the workshop ends the platform. */
  close(): Promise<void>;
}

export interface ServiceSceneOptions extends Pick<TestServiceOptions, 'sources' | 'logger'> {
  /** As in `TestServiceOptions`, with the port of the service. */
  readonly change?: (configuration: DevelopmentConfiguration, port: number) => object;
}

/** @param workshop of whose platforms one is started here; all is made in its folder. */
export async function serviceScene(workshop: Workshop, options: ServiceSceneOptions = {}): Promise<ServiceScene> {
  const { change = (made: DevelopmentConfiguration) => made, ...others } = options;
  const platform = await workshop.startPlatform('here');
  const port = await freePort();
  const start = async (): Promise<TestService> =>
    startTestService({
      signed: await signedService(workshop),
      launcher: platform,
      folder: join(workshop.folder, 'service'),
      port,
      change: (made) => change(made, port),
      ...others,
    });
  let service = await start();
  const claimant = await loadClaimant(await workshop.signed('claimant'), platform);
  return Object.freeze({
    platform,
    port,
    claimant,
    get service() {
      return service;
    },
    async start() {
      service = await start();
    },
    async close() {
      await claimant.dispose();
      await service.running.stop();
    },
  });
}
