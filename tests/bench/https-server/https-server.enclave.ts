import { createTlsIdentity, defineEnclave, listen, tlsServer } from '@enclos/enclave';
import { httpsServer } from './https-server.edl.ts';
import { serveAlone, serveService } from './serve.ts';

export { httpsServer };

const identity = createTlsIdentity('localhost');
const secure = tlsServer({ ...identity, alpnProtocols: ['http/1.1'] });

export const application = defineEnclave(
  httpsServer,
  { certificate: () => identity.cert },
  {
    start: () => {
      void serveService(listen('service'), secure);
      void serveAlone(listen('http'), secure);
    },
  },
);
