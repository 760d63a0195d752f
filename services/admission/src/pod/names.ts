import { softwareResource } from '@enclos/kubernetes/software-device';

/** A pod asks by this label: it is what the webhook's objectSelector selects. */
export const injectLabel = Object.freeze({ key: 'enclos.dev/inject', value: 'enabled' });

/** What a pod asks for. */
export const annotations = Object.freeze({
  platform: 'enclos.dev/platform',
  epc: 'enclos.dev/epc',
  quoteProvider: 'enclos.dev/quote-provider',
  containers: 'enclos.dev/containers',
  /** The annotation of Intel's webhook, understood as ours of that name. */
  intelQuoteProvider: 'sgx.intel.com/quote-provider',
  /** kubectl's; meshes that put a container first set it. */
  defaultContainer: 'kubectl.kubernetes.io/default-container',
  /** The kubelet's, on what it shows of a static pod: nothing in it may be changed. */
  mirror: 'kubernetes.io/config.mirror',
});

export const resources = Object.freeze({
  software: softwareResource,
  epc: 'sgx.intel.com/epc',
  enclave: 'sgx.intel.com/enclave',
  provision: 'sgx.intel.com/provision',
});

/** EPC as Azure's pages spelled it, in whole MiB. No plugin that is kept offers these. */
export const legacyEpcNames: readonly string[] = Object.freeze([
  'kubernetes.azure.com/sgx_epc_mem_in_MiB',
  'sgx.intel.com/sgx_epc_mem_in_MiB',
]);

/** For the software platform: the node agent puts the socket there. */
export const softwarePlatform = Object.freeze({
  variable: 'ENCLOS_PLATFORM',
  socket: '/run/enclos/platform.sock',
  rootsVolume: 'enclos-software-roots',
  rootsConfigMap: 'enclos-software-roots',
  rootsFolder: '/etc/enclos/roots',
});

/** For the architectural enclave service manager, which makes quotes out of process. */
export const aesm = Object.freeze({
  container: 'aesmd',
  variable: 'SGX_AESM_ADDR',
  value: '1',
  volume: 'aesmd-socket',
  folder: '/var/run/aesmd',
});
