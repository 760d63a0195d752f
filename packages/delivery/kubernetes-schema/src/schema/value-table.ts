/**
 * What the API server takes in a field beyond its type (pkg/apis of Kubernetes, validation.go): one type a line, longer ones over several.
 * `A|B` are all values of an enumeration, `1..9` is a range, `@form` a form that has a name. An empty text is
 * taken, since it is replaced by a default or means nothing, unless the field has `*`. In a list it never is.
 */
export const valueTable = String.raw`
V1PodSpec restartPolicy=Always|OnFailure|Never dnsPolicy=ClusterFirst|ClusterFirstWithHostNet|Default|None
 preemptionPolicy*=Never|PreemptLowerPriority activeDeadlineSeconds=1..2147483647
 serviceAccountName=@subdomain priorityClassName=@subdomain runtimeClassName*=@subdomain nodeName=@subdomain
 hostname=@label subdomain=@label nodeSelector=@labels
V1PodOS name=linux|windows
V1PodReadinessGate conditionType=@qualified
V1PodSchedulingGate name=@qualified
V1PodResourceClaim name=@label resourceClaimName*=@subdomain resourceClaimTemplateName*=@subdomain
V1PodDNSConfig nameservers=@address searches=@search-domain
V1HostAlias ip=@address hostnames=@subdomain
V1Container imagePullPolicy=Always|IfNotPresent|Never terminationMessagePolicy=File|FallbackToLogsOnError
V1EphemeralContainer imagePullPolicy=Always|IfNotPresent|Never terminationMessagePolicy=File|FallbackToLogsOnError
V1ContainerPort protocol=TCP|UDP|SCTP containerPort=1..65535 hostPort=0..65535 name=@port-name
V1ContainerResizePolicy resourceName*=cpu|memory restartPolicy*=NotRequired|RestartContainer
V1EnvVar name=@variable
V1EnvFromSource prefix=@variable
V1ConfigMapEnvSource name=@subdomain
V1SecretEnvSource name=@subdomain
V1ConfigMapKeySelector name=@subdomain key=@key
V1SecretKeySelector name=@subdomain key=@key
V1HTTPGetAction scheme=HTTP|HTTPS port=@port
V1HTTPHeader name=@header
V1TCPSocketAction port=@port
V1GRPCAction port=1..65535
V1Probe initialDelaySeconds=0.. periodSeconds=0.. timeoutSeconds=0.. successThreshold=0.. failureThreshold=0..
 terminationGracePeriodSeconds=1..
V1SeccompProfile type=RuntimeDefault|Localhost|Unconfined localhostProfile=@relative-path
V1AppArmorProfile type=RuntimeDefault|Localhost|Unconfined localhostProfile=@profile-path
V1SecurityContext procMount*=Default|Unmasked runAsUser=0..2147483647 runAsGroup=0..2147483647
V1PodSecurityContext fsGroupChangePolicy*=OnRootMismatch|Always supplementalGroupsPolicy*=Merge|Strict
 seLinuxChangePolicy*=MountOption|Recursive runAsUser=0..2147483647 runAsGroup=0..2147483647 fsGroup=0..2147483647
 supplementalGroups=0..2147483647
V1Sysctl name=@sysctl
V1VolumeMount mountPropagation*=None|HostToContainer|Bidirectional recursiveReadOnly*=Disabled|IfPossible|Enabled
 subPath=@relative-path subPathExpr=@relative-path
V1VolumeDevice devicePath=@any-path
V1HostPathVolumeSource type=DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice path=@any-path
V1LocalVolumeSource path=@any-path
V1GitRepoVolumeSource directory=@relative-path
V1NFSVolumeSource path=@absolute-path
V1CSIVolumeSource driver=@driver
V1CSIPersistentVolumeSource driver=@driver
V1AzureDiskVolumeSource cachingMode*=None|ReadOnly|ReadWrite kind*=Shared|Dedicated|Managed
V1AWSElasticBlockStoreVolumeSource partition=0..255
V1GCEPersistentDiskVolumeSource partition=0..255
V1ISCSIVolumeSource lun=0..255
V1ISCSIPersistentVolumeSource lun=0..255
V1FCVolumeSource lun=0..255
V1SecretVolumeSource defaultMode=0..511
V1ConfigMapVolumeSource defaultMode=0..511
V1DownwardAPIVolumeSource defaultMode=0..511
V1DownwardAPIVolumeFile mode=0..511 path=@file-path
V1ProjectedVolumeSource defaultMode=0..511
V1ServiceAccountTokenProjection expirationSeconds=600..4294967296 path=@file-path
V1KeyToPath mode=0..511 path=@file-path
V1ImageVolumeSource pullPolicy=Always|IfNotPresent|Never
V1Toleration operator=Exists|Equal effect=NoSchedule|PreferNoSchedule|NoExecute key=@qualified
V1Taint effect=NoSchedule|PreferNoSchedule|NoExecute key=@qualified
V1NodeSelectorRequirement operator=In|NotIn|Exists|DoesNotExist|Gt|Lt
V1LabelSelectorRequirement operator=In|NotIn|Exists|DoesNotExist key=@qualified
V1LabelSelector matchLabels=@labels
V1TopologySelectorLabelRequirement key=@qualified
V1TopologySpreadConstraint whenUnsatisfiable=DoNotSchedule|ScheduleAnyway maxSkew=1.. minDomains=1..
 nodeAffinityPolicy*=Honor|Ignore nodeTaintsPolicy*=Honor|Ignore matchLabelKeys=@qualified
V1PodAffinityTerm topologyKey=@qualified namespaces=@label matchLabelKeys=@qualified mismatchLabelKeys=@qualified
V1PreferredSchedulingTerm weight=1..100
V1WeightedPodAffinityTerm weight=1..100
V1ObjectMeta labels=@labels annotations=@annotations
V1ConfigMap data=@keys binaryData=@keys
V1Secret data=@keys stringData=@keys
V1ServiceSpec type=ClusterIP|NodePort|LoadBalancer|ExternalName externalTrafficPolicy=Cluster|Local
 internalTrafficPolicy*=Cluster|Local sessionAffinity=ClientIP|None
 ipFamilyPolicy*=SingleStack|PreferDualStack|RequireDualStack ipFamilies=IPv4|IPv6 selector=@labels
 externalIPs=@address healthCheckNodePort=0..65535
 loadBalancerClass*=@qualified trafficDistribution*=PreferClose|PreferSameZone|PreferSameNode
V1ServicePort protocol=TCP|UDP|SCTP port=1..65535 targetPort=@target-port name=@label
 appProtocol*=@qualified
V1EndpointAddress ip=@address hostname=@label nodeName*=@subdomain
CoreV1EndpointPort port=1..65535 protocol=TCP|UDP|SCTP
V1NetworkPolicySpec policyTypes=Ingress|Egress
V1NetworkPolicyPort protocol*=TCP|UDP|SCTP port*=@port endPort=1..65535
V1IPBlock cidr=@network except=@network
V1ServiceCIDRSpec cidrs=@network
V1ParentReference group=@subdomain resource=@path-segment name=@path-segment namespace=@path-segment
V1HTTPIngressPath pathType*=Exact|Prefix|ImplementationSpecific
V1IngressRule host=@host
V1IngressTLS hosts=@host secretName=@subdomain
V1IngressSpec ingressClassName*=@subdomain
V1IngressClassSpec controller=@domain-path
V1IngressClassParametersReference apiGroup*=@subdomain scope*=Cluster|Namespace kind=@path-segment name=@path-segment
V1IngressServiceBackend name=@service-name
V1ServiceBackendPort number=0..65535 name=@port-name
V1DeploymentSpec replicas=0.. minReadySeconds=0.. revisionHistoryLimit=0.. progressDeadlineSeconds=0..
V1DeploymentStrategy type=Recreate|RollingUpdate
V1RollingUpdateDeployment maxSurge*=@percent maxUnavailable*=@part-percent
V1RollingUpdateDaemonSet maxSurge*=@part-percent maxUnavailable*=@part-percent
V1RollingUpdateStatefulSetStrategy partition=0..
V1ControllerRevision revision=0..
V1ReplicaSetSpec replicas=0.. minReadySeconds=0..
V1ReplicationControllerSpec replicas=0.. minReadySeconds=0.. selector=@labels
V1StatefulSetSpec replicas=0.. minReadySeconds=0.. podManagementPolicy=OrderedReady|Parallel serviceName=@label
V1StatefulSetOrdinals start=0..
V1StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted=Retain|Delete whenScaled=Retain|Delete
V1StatefulSetUpdateStrategy type=OnDelete|RollingUpdate
V1DaemonSetSpec minReadySeconds=0.. revisionHistoryLimit=0..
V1DaemonSetUpdateStrategy type=OnDelete|RollingUpdate
V1JobSpec backoffLimit=0.. parallelism=0.. completions=0.. activeDeadlineSeconds=0.. ttlSecondsAfterFinished=0..
 completionMode*=NonIndexed|Indexed podReplacementPolicy*=TerminatingOrFailed|Failed
 backoffLimitPerIndex=0.. maxFailedIndexes=0.. managedBy*=@domain-path
V1PodFailurePolicyRule action=Count|FailIndex|FailJob|Ignore
V1PodFailurePolicyOnExitCodesRequirement operator=In|NotIn
V1PodFailurePolicyOnPodConditionsPattern status=True|False|Unknown type=@qualified
V1SuccessPolicyRule succeededCount=0..
V1CronJobSpec concurrencyPolicy=Allow|Forbid|Replace startingDeadlineSeconds=0.. successfulJobsHistoryLimit=0..
 failedJobsHistoryLimit=0.. schedule=@schedule timeZone*=@time-zone
V1PodDisruptionBudgetSpec unhealthyPodEvictionPolicy*=IfHealthyBudget|AlwaysAllow minAvailable*=@part-percent
 maxUnavailable*=@part-percent
V1PersistentVolumeClaimSpec volumeAttributesClassName=@subdomain volumeMode*=Filesystem|Block storageClassName=@subdomain
 accessModes=ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod
V1PersistentVolumeSpec volumeAttributesClassName*=@subdomain volumeMode*=Filesystem|Block persistentVolumeReclaimPolicy=Retain|Delete|Recycle
 accessModes=ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod storageClassName=@subdomain
V1StorageClass volumeBindingMode*=Immediate|WaitForFirstConsumer reclaimPolicy=Delete|Retain
 provisioner=@lower-qualified
V1CSIDriverSpec fsGroupPolicy*=ReadWriteOnceWithFSType|File|None volumeLifecycleModes=Persistent|Ephemeral
V1CSINodeDriver name=@driver topologyKeys=@qualified
V1VolumeAttributesClass driverName=@lower-qualified
V1VolumeAttachmentSource persistentVolumeName*=@subdomain
V1VolumeAttachmentSpec nodeName=@subdomain attacher=@driver
V1VolumeNodeResources count=0..
StorageV1TokenRequest expirationSeconds=600..4294967296
V1CSIStorageCapacity storageClassName=@subdomain
V1MutatingWebhook failurePolicy*=Ignore|Fail matchPolicy*=Exact|Equivalent reinvocationPolicy*=Never|IfNeeded
 sideEffects=None|NoneOnDryRun timeoutSeconds=1..30 name=@fully-qualified
V1ValidatingWebhook failurePolicy*=Ignore|Fail matchPolicy*=Exact|Equivalent sideEffects=None|NoneOnDryRun
 timeoutSeconds=1..30 name=@fully-qualified
V1MatchCondition name=@qualified
V1NamedRuleWithOperations operations=CREATE|UPDATE|DELETE|CONNECT|* scope*=Cluster|Namespaced|*
 resourceNames=@path-segment
V1RuleWithOperations operations=CREATE|UPDATE|DELETE|CONNECT|* scope*=Cluster|Namespaced|*
AdmissionregistrationV1ServiceReference port=1..65535
V1HorizontalPodAutoscalerSpec minReplicas=1.. maxReplicas=1.. targetCPUUtilizationPercentage=1..
V1CrossVersionObjectReference kind=@path-segment name=@path-segment
V2HorizontalPodAutoscalerSpec minReplicas=1.. maxReplicas=1..
V2CrossVersionObjectReference kind=@path-segment name=@path-segment
V2HPAScalingRules selectPolicy*=Max|Min|Disabled stabilizationWindowSeconds=0..3600
V2HPAScalingPolicy type=Pods|Percent value=1.. periodSeconds=1..1800
V2MetricSpec type=Object|Pods|Resource|External|ContainerResource
V2MetricTarget type=Utilization|Value|AverageValue averageUtilization=1..
V2MetricIdentifier name=@path-segment
V2ContainerResourceMetricSource container=@label
V1PriorityClass preemptionPolicy*=Never|PreemptLowerPriority
V1RuntimeClass handler=@label
V1Scheduling nodeSelector=@labels
V1RoleRef kind*=Role|ClusterRole apiGroup=rbac.authorization.k8s.io name=@path-segment
RbacV1Subject kind=ServiceAccount|User|Group
V1ScopedResourceSelectorRequirement operator=In|NotIn|Exists|DoesNotExist
 scopeName=Terminating|NotTerminating|BestEffort|NotBestEffort|PriorityClass|CrossNamespacePodAffinity|VolumeAttributesClass
V1ResourceQuotaSpec
 scopes=Terminating|NotTerminating|BestEffort|NotBestEffort|PriorityClass|CrossNamespacePodAffinity|VolumeAttributesClass
V1EndpointSlice addressType=IPv4|IPv6|FQDN
V1Endpoint hostname*=@label nodeName*=@subdomain
V1DeviceRequest name=@label
V1DeviceSubRequest name=@label deviceClassName=@subdomain allocationMode=ExactCount|All
V1ExactDeviceRequest deviceClassName=@subdomain allocationMode=ExactCount|All
V1OpaqueDeviceConfiguration driver=@driver
V1ResourceSliceSpec driver=@driver nodeName*=@subdomain
V1Device name=@label
DiscoveryV1EndpointPort protocol=TCP|UDP|SCTP port=1..65535 name=@label appProtocol*=@qualified
V1LeaseSpec leaseDurationSeconds=1.. leaseTransitions=0..
V1ValidatingAdmissionPolicyBindingSpec validationActions=Deny|Warn|Audit policyName=@subdomain
V1ValidatingAdmissionPolicySpec failurePolicy*=Ignore|Fail
V1MatchResources matchPolicy*=Exact|Equivalent
V1Validation reason*=Forbidden|Invalid|RequestEntityTooLarge|Unauthorized
V1ParamRef parameterNotFoundAction=Allow|Deny
`;

/**
 * Fields of which a type has one and no more. `1` must be there, `?` may be; after `!` stand the fields that do not count.
 * A volume without a source is an emptyDir, so its source may be missing. Releases before 1.35 drop its image.
 */
export const oneOfTable = `
V1Volume ? !name !image
V1VolumeProjection ?
V1Probe 1 exec grpc httpGet tcpSocket
V1LifecycleHandler 1
V1EnvVarSource 1
V1EnvFromSource 1 configMapRef secretRef
V1DownwardAPIVolumeFile 1 fieldRef resourceFieldRef
V1FCVolumeSource 1 targetWWNs wwids
V1IngressBackend 1
V1PodDisruptionBudgetSpec ? maxUnavailable minAvailable
V1PodResourceClaim 1 resourceClaimName resourceClaimTemplateName
V1PodFailurePolicyRule 1 onExitCodes onPodConditions
V1VolumeAttachmentSource 1
V1DeviceRequest 1 exactly firstAvailable
AdmissionregistrationV1WebhookClientConfig 1 service url
`;
