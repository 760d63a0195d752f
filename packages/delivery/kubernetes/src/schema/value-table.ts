/**
 * What the API server takes in a field beyond its type (pkg/apis of Kubernetes, validation.go): one type a line, longer ones over several.
 * `A|B` are all values of an enumeration, `1..9` is a range, `@form` a form that has a name. An empty text is always
 * taken: it is replaced by a default, or means nothing.
 */
export const valueTable = String.raw`
V1PodSpec restartPolicy=Always|OnFailure|Never dnsPolicy=ClusterFirst|ClusterFirstWithHostNet|Default|None
 preemptionPolicy=Never|PreemptLowerPriority terminationGracePeriodSeconds=0.. activeDeadlineSeconds=1..2147483647
 serviceAccountName=@subdomain priorityClassName=@subdomain runtimeClassName=@subdomain
 hostname=@label subdomain=@label nodeSelector=@labels
V1PodOS name=linux|windows
V1Container imagePullPolicy=Always|IfNotPresent|Never terminationMessagePolicy=File|FallbackToLogsOnError
 restartPolicy=Always|OnFailure|Never
V1EphemeralContainer imagePullPolicy=Always|IfNotPresent|Never terminationMessagePolicy=File|FallbackToLogsOnError
V1ContainerPort protocol=TCP|UDP|SCTP containerPort=1..65535 hostPort=0..65535 name=@port-name
V1ContainerResizePolicy restartPolicy=NotRequired|RestartContainer
V1EnvVar name=@variable
V1HTTPGetAction scheme=HTTP|HTTPS port=@port
V1TCPSocketAction port=@port
V1GRPCAction port=1..65535
V1Probe initialDelaySeconds=0.. periodSeconds=0.. timeoutSeconds=0.. successThreshold=0.. failureThreshold=0..
 terminationGracePeriodSeconds=1..
V1SeccompProfile type=RuntimeDefault|Localhost|Unconfined
V1AppArmorProfile type=RuntimeDefault|Localhost|Unconfined
V1SecurityContext procMount=Default|Unmasked runAsUser=0..2147483647 runAsGroup=0..2147483647
V1PodSecurityContext fsGroupChangePolicy=OnRootMismatch|Always supplementalGroupsPolicy=Merge|Strict
 seLinuxChangePolicy=MountOption|Recursive runAsUser=0..2147483647 runAsGroup=0..2147483647 fsGroup=0..2147483647
V1VolumeMount mountPropagation=None|HostToContainer|Bidirectional recursiveReadOnly=Disabled|IfPossible|Enabled
V1HostPathVolumeSource type=DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice
V1SecretVolumeSource defaultMode=0..511
V1ConfigMapVolumeSource defaultMode=0..511
V1DownwardAPIVolumeSource defaultMode=0..511
V1ProjectedVolumeSource defaultMode=0..511
V1KeyToPath mode=0..511
V1ImageVolumeSource pullPolicy=Always|IfNotPresent|Never
V1Toleration operator=Exists|Equal|Lt|Gt effect=NoSchedule|PreferNoSchedule|NoExecute
V1Taint effect=NoSchedule|PreferNoSchedule|NoExecute
V1NodeSelectorRequirement operator=In|NotIn|Exists|DoesNotExist|Gt|Lt
V1LabelSelectorRequirement operator=In|NotIn|Exists|DoesNotExist
V1LabelSelector matchLabels=@labels
V1TopologySpreadConstraint whenUnsatisfiable=DoNotSchedule|ScheduleAnyway maxSkew=1.. minDomains=1..
 nodeAffinityPolicy=Honor|Ignore nodeTaintsPolicy=Honor|Ignore
V1PreferredSchedulingTerm weight=1..100
V1WeightedPodAffinityTerm weight=1..100
V1ObjectMeta namespace=@label labels=@labels annotations=@annotations
V1ConfigMap data=@keys binaryData=@keys
V1Secret data=@keys stringData=@keys
V1ServiceSpec type=ClusterIP|NodePort|LoadBalancer|ExternalName externalTrafficPolicy=Cluster|Local
 internalTrafficPolicy=Cluster|Local sessionAffinity=ClientIP|None
 ipFamilyPolicy=SingleStack|PreferDualStack|RequireDualStack ipFamilies=IPv4|IPv6 selector=@labels
V1ServicePort protocol=TCP|UDP|SCTP port=1..65535 nodePort=0..65535 targetPort=@target-port name=@label
V1NetworkPolicySpec policyTypes=Ingress|Egress
V1NetworkPolicyPort protocol=TCP|UDP|SCTP port=@port endPort=1..65535
V1HTTPIngressPath pathType=Exact|Prefix|ImplementationSpecific
V1ServiceBackendPort number=1..65535
V1DeploymentSpec replicas=0.. minReadySeconds=0.. revisionHistoryLimit=0.. progressDeadlineSeconds=0..
V1DeploymentStrategy type=Recreate|RollingUpdate
V1ReplicaSetSpec replicas=0.. minReadySeconds=0..
V1StatefulSetSpec replicas=0.. minReadySeconds=0.. podManagementPolicy=OrderedReady|Parallel
V1StatefulSetUpdateStrategy type=OnDelete|RollingUpdate
V1DaemonSetSpec minReadySeconds=0..
V1DaemonSetUpdateStrategy type=OnDelete|RollingUpdate
V1JobSpec backoffLimit=0.. parallelism=0.. completions=0.. activeDeadlineSeconds=0.. ttlSecondsAfterFinished=0..
 completionMode=NonIndexed|Indexed podReplacementPolicy=TerminatingOrFailed|Failed
V1CronJobSpec concurrencyPolicy=Allow|Forbid|Replace startingDeadlineSeconds=0.. successfulJobsHistoryLimit=0..
 failedJobsHistoryLimit=0..
V1PodDisruptionBudgetSpec unhealthyPodEvictionPolicy=IfHealthyBudget|AlwaysAllow
V1PersistentVolumeClaimSpec volumeMode=Filesystem|Block
 accessModes=ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod
V1PersistentVolumeSpec volumeMode=Filesystem|Block persistentVolumeReclaimPolicy=Retain|Delete|Recycle
 accessModes=ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod
V1StorageClass volumeBindingMode=Immediate|WaitForFirstConsumer reclaimPolicy=Delete|Retain|Recycle
V1MutatingWebhook failurePolicy=Ignore|Fail matchPolicy=Exact|Equivalent reinvocationPolicy=Never|IfNeeded
 sideEffects=None|NoneOnDryRun timeoutSeconds=1..30
V1ValidatingWebhook failurePolicy=Ignore|Fail matchPolicy=Exact|Equivalent sideEffects=None|NoneOnDryRun
 timeoutSeconds=1..30
V1RuleWithOperations operations=CREATE|UPDATE|DELETE|CONNECT|* scope=Cluster|Namespaced|*
AdmissionregistrationV1ServiceReference port=1..65535
V2HorizontalPodAutoscalerSpec minReplicas=0.. maxReplicas=1..
`;

/**
 * Fields of which a type has one and no more. `1` must be there, `?` may be; after `!` stand the fields that do not count.
 * A volume without a source is an emptyDir, so its source may be missing.
 */
export const oneOfTable = `
V1Volume ? !name
V1VolumeProjection ?
V1Probe 1 exec grpc httpGet tcpSocket
V1LifecycleHandler 1
V1EnvVarSource 1
V1EnvFromSource 1 configMapRef secretRef
V1IngressBackend 1
V1PodDisruptionBudgetSpec ? maxUnavailable minAvailable
V1ServiceBackendPort 1
AdmissionregistrationV1WebhookClientConfig 1 service url
`;
