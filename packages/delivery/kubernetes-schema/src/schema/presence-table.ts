/**
 * What must be there beyond the `required` of the OpenAPI document, and what of that need not (pkg/apis of Kubernetes,
 * validation.go): one type a line. After the name of a field, nothing: it may not be missing, null, "" or an empty list.
 * `+`: it is part of the object even where it is not written, so that what it needs is missing then. `?`: it may be missing.
 */
export const presenceTable = `
CoreV1Event involvedObject?
StorageV1TokenRequest audience?
V1AggregationRule clusterRoleSelectors
V1Binding target+
V1CSIDriver spec?
V1CSINode spec?
V1CSINodeSpec drivers?
V1ClusterRoleBinding roleRef+
V1ClusterTrustBundleProjection path?
V1ConfigMapEnvSource name
V1ConfigMapKeySelector name
V1ConfigMapNodeConfigSource kubeletConfigKey? name? namespace?
V1ConfigMapProjection name
V1ConfigMapVolumeSource name
V1Container image
V1ControllerRevision revision? data
V1CronJob spec+
V1CronJobSpec jobTemplate+
V1DaemonSet spec+
V1DaemonSetSpec template+
V1Deployment spec+
V1DeviceClaimConfiguration opaque
V1DeviceClass spec?
V1DeviceClassConfiguration opaque
V1DeviceSelector cel
V1DeploymentSpec template+
V1EphemeralContainer image
V1EphemeralVolumeSource volumeClaimTemplate
V1ExecAction command
V1HTTPHeader value?
V1HTTPIngressPath backend+
V1HorizontalPodAutoscaler spec+
V1HorizontalPodAutoscalerSpec scaleTargetRef+
V1IPAddress spec+
V1ISCSIPersistentVolumeSource lun?
V1ISCSIVolumeSource lun?
V1Ingress spec+
V1IngressClass spec+
V1IngressClassSpec controller
V1IngressServiceBackend port+
V1Job spec+
V1JobSpec template+
V1JobTemplateSpec spec+
V1LimitRangeSpec limits?
V1MutatingWebhook clientConfig+
V1NamedRuleWithOperations apiGroups apiVersions operations resources
V1ParamKind apiVersion kind
V1ParamRef parameterNotFoundAction
V1OwnerReference apiVersion? kind? name? uid?
V1PersistentVolume spec+
V1PersistentVolumeClaim spec+
V1PersistentVolumeClaimSpec accessModes
V1PersistentVolumeClaimTemplate spec+
V1PersistentVolumeSpec accessModes capacity
V1Pod spec+
V1PodDNSConfigOption name
V1PodFailurePolicy rules?
V1PodTemplate template+
V1PodTemplateSpec spec+
V1PreferredSchedulingTerm preference?
V1ReplicaSet spec+
V1ReplicaSetSpec template+
V1ReplicationController spec+
ResourceV1ResourceClaim spec?
V1ReplicationControllerSpec template
V1ResourceClaimTemplate spec?
V1ResourceClaimTemplateSpec spec?
V1ResourcePool generation?
V1ResourceSlice spec+
V1ResourceSliceSpec pool+
V1RoleBinding roleRef+
V1RoleRef apiGroup?
V1RuleWithOperations apiGroups apiVersions operations resources
V1ScaleIOPersistentVolumeSource secretRef
V1SecretEnvSource name
V1SecretKeySelector name
V1SecretProjection name
V1SecretVolumeSource secretName
V1Service spec+
V1ServiceCIDR spec+
V1ServiceCIDRSpec cidrs
V1SleepAction seconds?
V1StatefulSet spec+
V1StatefulSetSpec template+
V1Sysctl value?
V1ValidatingAdmissionPolicyBinding spec+
V1ValidatingWebhook clientConfig+
V1TypedLocalObjectReference kind? name?
V1ValidatingAdmissionPolicy spec+
V1ValidatingAdmissionPolicySpec matchConstraints
V1VolumeAttachment spec+
V1VolumeAttachmentSpec source+
V1VolumeNodeAffinity required
V1WeightedPodAffinityTerm podAffinityTerm+
V2ContainerResourceMetricSource target+
V2ExternalMetricSource metric+ target+
V2HorizontalPodAutoscaler spec+
V2HorizontalPodAutoscalerSpec scaleTargetRef+
V2ObjectMetricSource describedObject+ metric+ target+
V2PodsMetricSource metric+ target+
V2ResourceMetricSource target+
`;
