#!/usr/bin/env node
import { startProgram } from '@enclos/errors/start-program';

startProgram('create-enclos', () => import('../dist/src/main.js'));
