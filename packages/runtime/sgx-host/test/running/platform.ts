import { initializePlatform, openPlatform, servePlatform, stateFolders } from '@enclos/software-sgx';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';

/** A platform in this process, whose enclaves have their own. */
export interface TestPlatform {
  readonly launcher: SoftwareLauncher;
  close(): Promise<void>;
}

/** @param provisionSigners MRSIGNERs whose enclaves may have PROVISIONKEY */
export async function openTestPlatform(
  stateFolder: string,
  provisionSigners: readonly Uint8Array[] = [],
): Promise<TestPlatform> {
  await initializePlatform(stateFolder, new Date());
  const server = await servePlatform(await openPlatform({ ...stateFolders(stateFolder), provisionSigners }));
  const launcher = await connectSoftwarePlatform(server.socketPath);
  return {
    launcher,
    async close() {
      await launcher.close();
      await server.close();
    },
  };
}
