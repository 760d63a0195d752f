import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import {
  AnswerKind,
  encodeGateRequest,
  gateAnswerReader,
  HELLO_BYTES,
  parseGateAnswer,
  parseGateHello,
  RequestKind,
  type GateAnswer,
} from '@enclos/sgx-stub/wire';
import { codeEnclave } from '@enclos/sgx-image-kit';
import { connectSoftwarePlatform, type LaunchedSgxEnclave, type SoftwareLauncher } from '@enclos/tee';
import { until } from '@enclos/testkit';
import { openPlatform, planAllWays, type IsolationWay, type SeparationOptions } from '../../../src/index.ts';
import { servePlatform } from '../../../src/platform/server.ts';
import { stubPlan } from '../../../src/platform/isolation/stub-command.ts';
import { writeStubFilter } from '../../../src/platform/isolation/start-files.ts';
import type { PlatformServices } from '../../../src/platform/services.ts';
import { enrolledSite } from '../../provisioning-support.ts';
import { applicationKey, temporaryFolder } from '../../support.ts';
import { piecesOf } from './sgx-lab.ts';

test.todo;
