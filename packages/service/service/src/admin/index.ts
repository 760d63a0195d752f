import '../errors.ts';
export { type AdminOptions, type AdminServer, startAdminServer } from './admin-server.ts';
export { listenAt, type ListenAddress, type ListenOptions } from './listen.ts';
