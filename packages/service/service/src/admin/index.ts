import '../errors.ts';
export { type AdminOptions, type AdminServer, startAdminServer } from './admin-server.ts';
