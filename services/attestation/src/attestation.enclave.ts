import './errors.ts';
import { attestationApplication } from './inside/application.ts';

export const application = attestationApplication();
