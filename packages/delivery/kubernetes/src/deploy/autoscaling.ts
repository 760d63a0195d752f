import { z } from 'zod';
import { parseQuantity } from '@enclos/kubernetes-schema';
import type { V2HorizontalPodAutoscaler } from '../schema/objects.ts';
import { storedQuantity } from './epc.ts';

type Spec = NonNullable<V2HorizontalPodAutoscaler['spec']>;
type Metric = NonNullable<Spec['metrics']>[number];

/** `autoscaling` of deploy.json. */
export const autoscalingSchema = z.strictObject({
  min: z.int().min(1).max(1000).optional().describe('The fewest pods. Default: replicas.'),
  max: z.int().min(1).max(1000).describe('The most pods.'),
  cpu: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Percent of the requested processors that the pods should use on average.'),
  metrics: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z_:][a-z0-9_:]{0,127}$/, 'expected the name of a metric')
          .describe('As the custom metrics API of the cluster names it.'),
        average: z
          .union([z.int().min(1), z.string().max(64)])
          .refine((value) => parseQuantity(String(value)) !== undefined, 'expected a quantity such as 4 or "500m"')
          .describe('What the pods should have on average.'),
      }),
    )
    .max(16)
    .optional()
    .describe('Metrics of the pods, which an adapter such as prometheus-adapter serves.'),
});

export type AutoscalingSettings = z.infer<typeof autoscalingSchema>;

/** What is wrong with it beside other settings; undefined when nothing is. */
export function autoscalingProblem(
  { min, max, cpu, metrics = [] }: AutoscalingSettings,
  { kind, replicas = 1 }: { readonly kind?: string | undefined; readonly replicas?: number | undefined },
): string | undefined {
  if (kind === 'Job') return 'the pods of a Job are not scaled';
  if (cpu === undefined && metrics.length === 0) return 'expected cpu, metrics or both: they say when to scale';
  const least = min ?? replicas;
  return least < 1 || least > max ? `expected min, or replicas, from 1 to max, which is ${max}` : undefined;
}

interface ScaledWorkload {
  readonly name: string;
  readonly kind: string;
  readonly replicas: number;
  readonly autoscaling: AutoscalingSettings;
}

export function autoscalerSpec({ name, kind, replicas, autoscaling }: ScaledWorkload): Spec {
  const { min = replicas, max, cpu, metrics = [] } = autoscaling;
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind, name },
    minReplicas: min,
    maxReplicas: max,
    metrics: [
      ...metrics.map(({ name: metric, average }): Metric => ({
        type: 'Pods',
        pods: { metric: { name: metric }, target: { type: 'AverageValue', averageValue: storedQuantity(average, -3) } },
      })),
      ...(cpu === undefined ? [] : [cpuMetric(cpu)]),
    ],
  };
}

function cpuMetric(averageUtilization: number): Metric {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}
