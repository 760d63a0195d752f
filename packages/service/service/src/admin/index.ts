export { type AdminOptions, type AdminServer, startAdminServer } from './admin-server.ts';
