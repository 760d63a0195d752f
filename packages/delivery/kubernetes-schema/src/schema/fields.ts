/* oxlint-disable eslint/max-lines -- a table, written by a program */
// Written by packages/delivery/kubernetes-schema/tools/write-kinds.mjs from @kubernetes/client-node 2.0.1. Do not edit by hand.

/** One type a line, longer ones over several: its name, then `field:type`; `!` marks what must be there. */
export const fieldTable = String.raw`
AdmissionregistrationV1ServiceReference name!:string namespace!:string path:string port:int32
AdmissionregistrationV1WebhookClientConfig caBundle:bytes service:AdmissionregistrationV1ServiceReference url:string
CoreV1EndpointPort appProtocol:string name:string port!:int32 protocol:string
CoreV1Event action:string apiVersion:string count:int32 eventTime:micro-time firstTimestamp:time
 involvedObject!:V1ObjectReference kind:string lastTimestamp:time message:string metadata!:V1ObjectMeta
 reason:string related:V1ObjectReference reportingComponent:string reportingInstance:string series:CoreV1EventSeries
 source:V1EventSource type:string
CoreV1EventSeries count:int32 lastObservedTime:micro-time
CoreV1ResourceClaim name!:string request:string
DiscoveryV1EndpointPort appProtocol:string name:string port:int32 protocol:string
RbacV1Subject apiGroup:string kind!:string name!:string namespace:string
ResourceV1ResourceClaim apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1ResourceClaimSpec
 status:V1ResourceClaimStatus
StorageV1TokenRequest audience!:string expirationSeconds:int64
V1AWSElasticBlockStoreVolumeSource fsType:string partition:int32 readOnly:boolean volumeID!:string
V1Affinity nodeAffinity:V1NodeAffinity podAffinity:V1PodAffinity podAntiAffinity:V1PodAntiAffinity
V1AggregationRule clusterRoleSelectors:[V1LabelSelector]
V1AllocatedDeviceStatus conditions:[V1Condition] data:any device:string driver:string
 networkData:V1NetworkDeviceData pool:string shareID:string
V1AllocationResult allocationTimestamp:time devices:V1DeviceAllocationResult nodeSelector:V1NodeSelector
V1AppArmorProfile localhostProfile:string type!:string
V1ApplyConfiguration expression:string
V1AttachedVolume devicePath!:string name!:string
V1AuditAnnotation key!:string valueExpression!:string
V1AzureDiskVolumeSource cachingMode:string diskName!:string diskURI!:string fsType:string kind:string
 readOnly:boolean
V1AzureFilePersistentVolumeSource readOnly:boolean secretName!:string secretNamespace:string shareName!:string
V1AzureFileVolumeSource readOnly:boolean secretName!:string shareName!:string
V1Binding apiVersion:string kind:string metadata:V1ObjectMeta target!:V1ObjectReference
V1CELDeviceSelector expression!:string
V1CSIDriver apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1CSIDriverSpec
V1CSIDriverSpec attachRequired:boolean fsGroupPolicy:string nodeAllocatableUpdatePeriodSeconds:int64
 podInfoOnMount:boolean preventPodSchedulingIfMissing:boolean requiresRepublish:boolean seLinuxMount:boolean
 serviceAccountTokenInSecrets:boolean storageCapacity:boolean tokenRequests:[StorageV1TokenRequest]
 volumeLifecycleModes:[string]
V1CSINode apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1CSINodeSpec
V1CSINodeDriver allocatable:V1VolumeNodeResources name!:string nodeID!:string topologyKeys:[string]
V1CSINodeSpec drivers!:[V1CSINodeDriver]
V1CSIPersistentVolumeSource controllerExpandSecretRef:V1SecretReference controllerPublishSecretRef:V1SecretReference
 driver!:string fsType:string nodeExpandSecretRef:V1SecretReference nodePublishSecretRef:V1SecretReference
 nodeStageSecretRef:V1SecretReference readOnly:boolean volumeAttributes:{string} volumeHandle!:string
V1CSIStorageCapacity apiVersion:string capacity:quantity kind:string maximumVolumeSize:quantity
 metadata:V1ObjectMeta nodeTopology:V1LabelSelector storageClassName!:string
V1CSIVolumeSource driver!:string fsType:string nodePublishSecretRef:V1LocalObjectReference readOnly:boolean
 volumeAttributes:{string}
V1Capabilities add:[string] drop:[string]
V1CapacityRequestPolicy default:quantity validRange:V1CapacityRequestPolicyRange validValues:[quantity]
V1CapacityRequestPolicyRange max:quantity min!:quantity step:quantity
V1CapacityRequirements requests:{quantity}
V1CephFSPersistentVolumeSource monitors!:[string] path:string readOnly:boolean secretFile:string
 secretRef:V1SecretReference user:string
V1CephFSVolumeSource monitors!:[string] path:string readOnly:boolean secretFile:string
 secretRef:V1LocalObjectReference user:string
V1CinderPersistentVolumeSource fsType:string readOnly:boolean secretRef:V1SecretReference volumeID!:string
V1CinderVolumeSource fsType:string readOnly:boolean secretRef:V1LocalObjectReference volumeID!:string
V1ClientIPConfig timeoutSeconds:int32
V1ClusterRole aggregationRule:V1AggregationRule apiVersion:string kind:string metadata:V1ObjectMeta
 rules:[V1PolicyRule]
V1ClusterRoleBinding apiVersion:string kind:string metadata:V1ObjectMeta roleRef!:V1RoleRef subjects:[RbacV1Subject]
V1ClusterTrustBundleProjection labelSelector:V1LabelSelector name:string optional:boolean path!:string
 signerName:string
V1Condition lastTransitionTime!:time message!:string observedGeneration:int64 reason!:string status!:string
 type!:string
V1ConfigMap apiVersion:string binaryData:{bytes} data:{string} immutable:boolean kind:string metadata:V1ObjectMeta
V1ConfigMapEnvSource name:string optional:boolean
V1ConfigMapKeySelector key!:string name:string optional:boolean
V1ConfigMapNodeConfigSource kubeletConfigKey!:string name!:string namespace!:string resourceVersion:string
 uid:string
V1ConfigMapProjection items:[V1KeyToPath] name:string optional:boolean
V1ConfigMapVolumeSource defaultMode:int32 items:[V1KeyToPath] name:string optional:boolean
V1Container args:[string] command:[string] env:[V1EnvVar] envFrom:[V1EnvFromSource] image:string
 imagePullPolicy:string lifecycle:V1Lifecycle livenessProbe:V1Probe name!:string ports:[V1ContainerPort]
 readinessProbe:V1Probe resizePolicy:[V1ContainerResizePolicy] resources:V1ResourceRequirements restartPolicy:string
 restartPolicyRules:[V1ContainerRestartRule] securityContext:V1SecurityContext startupProbe:V1Probe stdin:boolean
 stdinOnce:boolean terminationMessagePath:string terminationMessagePolicy:string tty:boolean
 volumeDevices:[V1VolumeDevice] volumeMounts:[V1VolumeMount] workingDir:string
V1ContainerExtendedResourceRequest containerName!:string requestName!:string resourceName!:string
V1ContainerImage names:[string] sizeBytes:int64
V1ContainerPort containerPort!:int32 hostIP:string hostPort:int32 name:string protocol:string
V1ContainerResizePolicy resourceName!:string restartPolicy!:string
V1ContainerRestartRule action!:string exitCodes:V1ContainerRestartRuleOnExitCodes
V1ContainerRestartRuleOnExitCodes operator!:string values:[int32]
V1ContainerState running:V1ContainerStateRunning terminated:V1ContainerStateTerminated
 waiting:V1ContainerStateWaiting
V1ContainerStateRunning startedAt:time
V1ContainerStateTerminated containerID:string exitCode!:int32 finishedAt:time message:string reason:string
 signal:int32 startedAt:time
V1ContainerStateWaiting message:string reason:string
V1ContainerStatus allocatedResources:{quantity} allocatedResourcesStatus:[V1ResourceStatus] containerID:string
 image:string imageID:string lastState:V1ContainerState name:string ready:boolean resources:V1ResourceRequirements
 restartCount:int32 started:boolean state:V1ContainerState stopSignal:string user:V1ContainerUser
 volumeMounts:[V1VolumeMountStatus]
V1ContainerUser linux:V1LinuxContainerUser
V1ControllerRevision apiVersion:string data:any kind:string metadata:V1ObjectMeta revision!:int64
V1Counter value!:quantity
V1CounterSet counters!:{V1Counter} name!:string
V1CronJob apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1CronJobSpec status:V1CronJobStatus
V1CronJobSpec concurrencyPolicy:string failedJobsHistoryLimit:int32 jobTemplate!:V1JobTemplateSpec schedule!:string
 startingDeadlineSeconds:int64 successfulJobsHistoryLimit:int32 suspend:boolean timeZone:string
V1CronJobStatus active:[V1ObjectReference] lastScheduleTime:time lastSuccessfulTime:time
V1CrossVersionObjectReference apiVersion:string kind!:string name!:string
V1DaemonEndpoint Port!:int32
V1DaemonSet apiVersion:string kind:string metadata:V1ObjectMeta spec:V1DaemonSetSpec status:V1DaemonSetStatus
V1DaemonSetCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V1DaemonSetSpec minReadySeconds:int32 revisionHistoryLimit:int32 selector!:V1LabelSelector
 template!:V1PodTemplateSpec updateStrategy:V1DaemonSetUpdateStrategy
V1DaemonSetStatus collisionCount:int32 conditions:[V1DaemonSetCondition] currentNumberScheduled:int32
 desiredNumberScheduled:int32 numberAvailable:int32 numberMisscheduled:int32 numberReady:int32
 numberUnavailable:int32 observedGeneration:int64 updatedNumberScheduled:int32
V1DaemonSetUpdateStrategy rollingUpdate:V1RollingUpdateDaemonSet type:string
V1Deployment apiVersion:string kind:string metadata:V1ObjectMeta spec:V1DeploymentSpec status:V1DeploymentStatus
V1DeploymentCondition lastTransitionTime:time lastUpdateTime:time message:string reason:string status!:string
 type!:string
V1DeploymentSpec minReadySeconds:int32 paused:boolean progressDeadlineSeconds:int32 replicas:int32
 revisionHistoryLimit:int32 selector!:V1LabelSelector strategy:V1DeploymentStrategy template!:V1PodTemplateSpec
V1DeploymentStatus availableReplicas:int32 collisionCount:int32 conditions:[V1DeploymentCondition]
 observedGeneration:int64 readyReplicas:int32 replicas:int32 terminatingReplicas:int32 unavailableReplicas:int32
 updatedReplicas:int32
V1DeploymentStrategy rollingUpdate:V1RollingUpdateDeployment type:string
V1Device allNodes:boolean allowMultipleAllocations:boolean attributes:{V1DeviceAttribute} bindingConditions:[string]
 bindingFailureConditions:[string] bindsToNode:boolean capacity:{V1DeviceCapacity}
 consumesCounters:[V1DeviceCounterConsumption] name!:string
 nodeAllocatableResourceMappings:{V1NodeAllocatableResourceMapping} nodeName:string nodeSelector:V1NodeSelector
 taints:[V1DeviceTaint]
V1DeviceAllocationConfiguration opaque:V1OpaqueDeviceConfiguration requests:[string] source!:string
V1DeviceAllocationResult config:[V1DeviceAllocationConfiguration] results:[V1DeviceRequestAllocationResult]
V1DeviceAttribute bool:boolean bools:[boolean] int:int64 ints:[int64] string:string strings:[string] version:string
 versions:[string]
V1DeviceCapacity requestPolicy:V1CapacityRequestPolicy value!:quantity
V1DeviceClaim config:[V1DeviceClaimConfiguration] constraints:[V1DeviceConstraint] requests:[V1DeviceRequest]
V1DeviceClaimConfiguration opaque:V1OpaqueDeviceConfiguration requests:[string]
V1DeviceClass apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1DeviceClassSpec
V1DeviceClassConfiguration opaque:V1OpaqueDeviceConfiguration
V1DeviceClassSpec config:[V1DeviceClassConfiguration] extendedResourceName:string selectors:[V1DeviceSelector]
V1DeviceConstraint distinctAttribute:string matchAttribute:string requests:[string]
V1DeviceCounterConsumption counterSet!:string counters!:{V1Counter}
V1DeviceRequest exactly:V1ExactDeviceRequest firstAvailable:[V1DeviceSubRequest] name!:string
V1DeviceRequestAllocationResult adminAccess:boolean bindingConditions:[string] bindingFailureConditions:[string]
 consumedCapacity:{string} device!:string driver!:string pool!:string request!:string shareID:string
 tolerations:[V1DeviceToleration]
V1DeviceSelector cel:V1CELDeviceSelector
V1DeviceSubRequest allocationMode:string capacity:V1CapacityRequirements count:int64 deviceClassName!:string
 name!:string selectors:[V1DeviceSelector] tolerations:[V1DeviceToleration]
V1DeviceTaint effect!:string key!:string timeAdded:time value:string
V1DeviceToleration effect:string key:string operator:string tolerationSeconds:int64 value:string
V1DownwardAPIProjection items:[V1DownwardAPIVolumeFile]
V1DownwardAPIVolumeFile fieldRef:V1ObjectFieldSelector mode:int32 path!:string
 resourceFieldRef:V1ResourceFieldSelector
V1DownwardAPIVolumeSource defaultMode:int32 items:[V1DownwardAPIVolumeFile]
V1EmptyDirVolumeSource medium:string sizeLimit:quantity
V1Endpoint addresses!:[string] conditions:V1EndpointConditions deprecatedTopology:{string} hints:V1EndpointHints
 hostname:string nodeName:string targetRef:V1ObjectReference zone:string
V1EndpointAddress hostname:string ip!:string nodeName:string targetRef:V1ObjectReference
V1EndpointConditions ready:boolean serving:boolean terminating:boolean
V1EndpointHints forNodes:[V1ForNode] forZones:[V1ForZone]
V1EndpointSlice addressType!:string apiVersion:string endpoints:[V1Endpoint] kind:string metadata:V1ObjectMeta
 ports:[DiscoveryV1EndpointPort]
V1EndpointSubset addresses:[V1EndpointAddress] notReadyAddresses:[V1EndpointAddress] ports:[CoreV1EndpointPort]
V1Endpoints apiVersion:string kind:string metadata:V1ObjectMeta subsets:[V1EndpointSubset]
V1EnvFromSource configMapRef:V1ConfigMapEnvSource prefix:string secretRef:V1SecretEnvSource
V1EnvVar name!:string value:string valueFrom:V1EnvVarSource
V1EnvVarSource configMapKeyRef:V1ConfigMapKeySelector fieldRef:V1ObjectFieldSelector fileKeyRef:V1FileKeySelector
 resourceFieldRef:V1ResourceFieldSelector secretKeyRef:V1SecretKeySelector
V1EphemeralContainer args:[string] command:[string] env:[V1EnvVar] envFrom:[V1EnvFromSource] image:string
 imagePullPolicy:string lifecycle:V1Lifecycle livenessProbe:V1Probe name!:string ports:[V1ContainerPort]
 readinessProbe:V1Probe resizePolicy:[V1ContainerResizePolicy] resources:V1ResourceRequirements restartPolicy:string
 restartPolicyRules:[V1ContainerRestartRule] securityContext:V1SecurityContext startupProbe:V1Probe stdin:boolean
 stdinOnce:boolean targetContainerName:string terminationMessagePath:string terminationMessagePolicy:string
 tty:boolean volumeDevices:[V1VolumeDevice] volumeMounts:[V1VolumeMount] workingDir:string
V1EphemeralVolumeSource volumeClaimTemplate:V1PersistentVolumeClaimTemplate
V1EventSource component:string host:string
V1ExactDeviceRequest adminAccess:boolean allocationMode:string capacity:V1CapacityRequirements count:int64
 deviceClassName!:string selectors:[V1DeviceSelector] tolerations:[V1DeviceToleration]
V1ExecAction command:[string]
V1ExpressionWarning fieldRef!:string warning!:string
V1FCVolumeSource fsType:string lun:int32 readOnly:boolean targetWWNs:[string] wwids:[string]
V1FileKeySelector key!:string optional:boolean path!:string volumeName!:string
V1FlexPersistentVolumeSource driver!:string fsType:string options:{string} readOnly:boolean
 secretRef:V1SecretReference
V1FlexVolumeSource driver!:string fsType:string options:{string} readOnly:boolean secretRef:V1LocalObjectReference
V1FlockerVolumeSource datasetName:string datasetUUID:string
V1ForNode name!:string
V1ForZone name!:string
V1GCEPersistentDiskVolumeSource fsType:string partition:int32 pdName!:string readOnly:boolean
V1GRPCAction port!:int32 service:string
V1GitRepoVolumeSource directory:string repository!:string revision:string
V1GlusterfsPersistentVolumeSource endpoints!:string endpointsNamespace:string path!:string readOnly:boolean
V1GlusterfsVolumeSource endpoints!:string path!:string readOnly:boolean
V1HTTPGetAction host:string httpHeaders:[V1HTTPHeader] path:string port!:int-or-string scheme:string
V1HTTPHeader name!:string value!:string
V1HTTPIngressPath backend!:V1IngressBackend path:string pathType!:string
V1HTTPIngressRuleValue paths!:[V1HTTPIngressPath]
V1HorizontalPodAutoscaler apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1HorizontalPodAutoscalerSpec
 status:V1HorizontalPodAutoscalerStatus
V1HorizontalPodAutoscalerSpec maxReplicas!:int32 minReplicas:int32 scaleTargetRef!:V1CrossVersionObjectReference
 targetCPUUtilizationPercentage:int32
V1HorizontalPodAutoscalerStatus currentCPUUtilizationPercentage:int32 currentReplicas:int32 desiredReplicas:int32
 lastScaleTime:time observedGeneration:int64
V1HostAlias hostnames:[string] ip!:string
V1HostIP ip!:string
V1HostPathVolumeSource path!:string type:string
V1IPAddress apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1IPAddressSpec
V1IPAddressSpec parentRef!:V1ParentReference
V1IPBlock cidr!:string except:[string]
V1ISCSIPersistentVolumeSource chapAuthDiscovery:boolean chapAuthSession:boolean fsType:string initiatorName:string
 iqn!:string iscsiInterface:string lun!:int32 portals:[string] readOnly:boolean secretRef:V1SecretReference
 targetPortal!:string
V1ISCSIVolumeSource chapAuthDiscovery:boolean chapAuthSession:boolean fsType:string initiatorName:string iqn!:string
 iscsiInterface:string lun!:int32 portals:[string] readOnly:boolean secretRef:V1LocalObjectReference
 targetPortal!:string
V1ImageVolumeSource pullPolicy:string reference:string
V1ImageVolumeStatus imageRef:string
V1Ingress apiVersion:string kind:string metadata:V1ObjectMeta spec:V1IngressSpec status:V1IngressStatus
V1IngressBackend resource:V1TypedLocalObjectReference service:V1IngressServiceBackend
V1IngressClass apiVersion:string kind:string metadata:V1ObjectMeta spec:V1IngressClassSpec
V1IngressClassParametersReference apiGroup:string kind!:string name!:string namespace:string scope:string
V1IngressClassSpec controller:string parameters:V1IngressClassParametersReference
V1IngressLoadBalancerIngress hostname:string ip:string ports:[V1IngressPortStatus]
V1IngressLoadBalancerStatus ingress:[V1IngressLoadBalancerIngress]
V1IngressPortStatus error:string port:int32 protocol:string
V1IngressRule host:string http:V1HTTPIngressRuleValue
V1IngressServiceBackend name!:string port:V1ServiceBackendPort
V1IngressSpec defaultBackend:V1IngressBackend ingressClassName:string rules:[V1IngressRule] tls:[V1IngressTLS]
V1IngressStatus loadBalancer:V1IngressLoadBalancerStatus
V1IngressTLS hosts:[string] secretName:string
V1JSONPatch expression:string
V1Job apiVersion:string kind:string metadata:V1ObjectMeta spec:V1JobSpec status:V1JobStatus
V1JobCondition lastProbeTime:time lastTransitionTime:time message:string reason:string status!:string type!:string
V1JobSpec activeDeadlineSeconds:int64 backoffLimit:int32 backoffLimitPerIndex:int32 completionMode:string
 completions:int32 managedBy:string manualSelector:boolean maxFailedIndexes:int32 parallelism:int32
 podFailurePolicy:V1PodFailurePolicy podReplacementPolicy:string selector:V1LabelSelector
 successPolicy:V1SuccessPolicy suspend:boolean template!:V1PodTemplateSpec ttlSecondsAfterFinished:int32
V1JobStatus active:int32 completedIndexes:string completionTime:time conditions:[V1JobCondition] failed:int32
 failedIndexes:string ready:int32 startTime:time succeeded:int32 terminating:int32
 uncountedTerminatedPods:V1UncountedTerminatedPods
V1JobTemplateSpec metadata:V1ObjectMeta spec:V1JobSpec
V1KeyToPath key!:string mode:int32 path!:string
V1LabelSelector matchExpressions:[V1LabelSelectorRequirement] matchLabels:{string}
V1LabelSelectorRequirement key!:string operator!:string values:[string]
V1Lease apiVersion:string kind:string metadata:V1ObjectMeta spec:V1LeaseSpec
V1LeaseSpec acquireTime:micro-time holderIdentity:string leaseDurationSeconds:int32 leaseTransitions:int32
 preferredHolder:string renewTime:micro-time strategy:string
V1Lifecycle postStart:V1LifecycleHandler preStop:V1LifecycleHandler stopSignal:string
V1LifecycleHandler exec:V1ExecAction httpGet:V1HTTPGetAction sleep:V1SleepAction tcpSocket:V1TCPSocketAction
V1LimitRange apiVersion:string kind:string metadata:V1ObjectMeta spec:V1LimitRangeSpec
V1LimitRangeItem default:{quantity} defaultRequest:{quantity} max:{quantity} maxLimitRequestRatio:{quantity}
 min:{quantity} type!:string
V1LimitRangeSpec limits!:[V1LimitRangeItem]
V1LinuxContainerUser gid!:int64 supplementalGroups:[int64] uid!:int64
V1LoadBalancerIngress hostname:string ip:string ipMode:string ports:[V1PortStatus]
V1LoadBalancerStatus ingress:[V1LoadBalancerIngress]
V1LocalObjectReference name:string
V1LocalVolumeSource fsType:string path!:string
V1ManagedFieldsEntry apiVersion:string fieldsType:string fieldsV1:any manager:string operation:string
 subresource:string time:time
V1MatchCondition expression!:string name!:string
V1MatchResources excludeResourceRules:[V1NamedRuleWithOperations] matchPolicy:string
 namespaceSelector:V1LabelSelector objectSelector:V1LabelSelector resourceRules:[V1NamedRuleWithOperations]
V1ModifyVolumeStatus status:string targetVolumeAttributesClassName:string
V1MutatingAdmissionPolicy apiVersion:string kind:string metadata:V1ObjectMeta spec:V1MutatingAdmissionPolicySpec
V1MutatingAdmissionPolicyBinding apiVersion:string kind:string metadata:V1ObjectMeta
 spec:V1MutatingAdmissionPolicyBindingSpec
V1MutatingAdmissionPolicyBindingSpec matchResources:V1MatchResources paramRef:V1ParamRef policyName:string
V1MutatingAdmissionPolicySpec failurePolicy:string matchConditions:[V1MatchCondition]
 matchConstraints:V1MatchResources mutations:[V1Mutation] paramKind:V1ParamKind reinvocationPolicy:string
 variables:[V1Variable]
V1MutatingWebhook admissionReviewVersions!:[string] clientConfig!:AdmissionregistrationV1WebhookClientConfig
 failurePolicy:string matchConditions:[V1MatchCondition] matchPolicy:string name!:string
 namespaceSelector:V1LabelSelector objectSelector:V1LabelSelector reinvocationPolicy:string
 rules:[V1RuleWithOperations] sideEffects!:string timeoutSeconds:int32
V1MutatingWebhookConfiguration apiVersion:string kind:string metadata:V1ObjectMeta webhooks:[V1MutatingWebhook]
V1Mutation applyConfiguration:V1ApplyConfiguration jsonPatch:V1JSONPatch patchType!:string
V1NFSVolumeSource path!:string readOnly:boolean server!:string
V1NamedRuleWithOperations apiGroups:[string] apiVersions:[string] operations:[string] resourceNames:[string]
 resources:[string] scope:string
V1Namespace apiVersion:string kind:string metadata:V1ObjectMeta spec:V1NamespaceSpec status:V1NamespaceStatus
V1NamespaceCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V1NamespaceSpec finalizers:[string]
V1NamespaceStatus conditions:[V1NamespaceCondition] phase:string
V1NetworkDeviceData hardwareAddress:string interfaceName:string ips:[string]
V1NetworkPolicy apiVersion:string kind:string metadata:V1ObjectMeta spec:V1NetworkPolicySpec
V1NetworkPolicyEgressRule ports:[V1NetworkPolicyPort] to:[V1NetworkPolicyPeer]
V1NetworkPolicyIngressRule from:[V1NetworkPolicyPeer] ports:[V1NetworkPolicyPort]
V1NetworkPolicyPeer ipBlock:V1IPBlock namespaceSelector:V1LabelSelector podSelector:V1LabelSelector
V1NetworkPolicyPort endPort:int32 port:int-or-string protocol:string
V1NetworkPolicySpec egress:[V1NetworkPolicyEgressRule] ingress:[V1NetworkPolicyIngressRule]
 podSelector:V1LabelSelector policyTypes:[string]
V1Node apiVersion:string kind:string metadata:V1ObjectMeta spec:V1NodeSpec status:V1NodeStatus
V1NodeAddress address!:string type!:string
V1NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:[V1PreferredSchedulingTerm]
 requiredDuringSchedulingIgnoredDuringExecution:V1NodeSelector
V1NodeAllocatableResourceClaimStatus containers:[string] resourceClaimName:string resources:{string}
V1NodeAllocatableResourceMapping allocationMultiplier:string capacityKey:string
V1NodeCondition lastHeartbeatTime:time lastTransitionTime:time message:string reason:string status!:string
 type!:string
V1NodeConfigSource configMap:V1ConfigMapNodeConfigSource
V1NodeConfigStatus active:V1NodeConfigSource assigned:V1NodeConfigSource error:string
 lastKnownGood:V1NodeConfigSource
V1NodeDaemonEndpoints kubeletEndpoint:V1DaemonEndpoint
V1NodeFeatures supplementalGroupsPolicy:boolean
V1NodeRuntimeHandler features:V1NodeRuntimeHandlerFeatures name:string
V1NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:boolean userNamespaces:boolean
V1NodeSelector nodeSelectorTerms!:[V1NodeSelectorTerm]
V1NodeSelectorRequirement key!:string operator!:string values:[string]
V1NodeSelectorTerm matchExpressions:[V1NodeSelectorRequirement] matchFields:[V1NodeSelectorRequirement]
V1NodeSpec configSource:V1NodeConfigSource externalID:string podCIDR:string podCIDRs:[string] providerID:string
 taints:[V1Taint] unschedulable:boolean
V1NodeStatus addresses:[V1NodeAddress] allocatable:{quantity} capacity:{quantity} conditions:[V1NodeCondition]
 config:V1NodeConfigStatus daemonEndpoints:V1NodeDaemonEndpoints declaredFeatures:[string] features:V1NodeFeatures
 images:[V1ContainerImage] nodeInfo:V1NodeSystemInfo phase:string runtimeHandlers:[V1NodeRuntimeHandler]
 volumesAttached:[V1AttachedVolume] volumesInUse:[string]
V1NodeSwapStatus capacity:int64
V1NodeSystemInfo architecture!:string bootID!:string containerRuntimeVersion!:string kernelVersion!:string
 kubeProxyVersion!:string kubeletVersion!:string machineID!:string operatingSystem!:string osImage!:string
 swap:V1NodeSwapStatus systemUUID!:string
V1ObjectFieldSelector apiVersion:string fieldPath!:string
V1ObjectMeta annotations:{string} creationTimestamp:time deletionGracePeriodSeconds:int64 deletionTimestamp:time
 finalizers:[string] generateName:string generation:int64 labels:{string} managedFields:[V1ManagedFieldsEntry]
 name:string namespace:string ownerReferences:[V1OwnerReference] resourceVersion:string selfLink:string uid:string
V1ObjectReference apiVersion:string fieldPath:string kind:string name:string namespace:string resourceVersion:string
 uid:string
V1OpaqueDeviceConfiguration driver!:string parameters!:any
V1Overhead podFixed:{quantity}
V1OwnerReference apiVersion!:string blockOwnerDeletion:boolean controller:boolean kind!:string name!:string
 uid!:string
V1ParamKind apiVersion:string kind:string
V1ParamRef name:string namespace:string parameterNotFoundAction:string selector:V1LabelSelector
V1ParentReference group:string name!:string namespace:string resource!:string
V1PersistentVolume apiVersion:string kind:string metadata:V1ObjectMeta spec:V1PersistentVolumeSpec
 status:V1PersistentVolumeStatus
V1PersistentVolumeClaim apiVersion:string kind:string metadata:V1ObjectMeta spec:V1PersistentVolumeClaimSpec
 status:V1PersistentVolumeClaimStatus
V1PersistentVolumeClaimCondition lastProbeTime:time lastTransitionTime:time message:string reason:string
 status!:string type!:string
V1PersistentVolumeClaimSpec accessModes:[string] dataSource:V1TypedLocalObjectReference
 dataSourceRef:V1TypedObjectReference resources:V1VolumeResourceRequirements selector:V1LabelSelector
 storageClassName:string volumeAttributesClassName:string volumeMode:string volumeName:string
V1PersistentVolumeClaimStatus accessModes:[string] allocatedResourceStatuses:{string} allocatedResources:{quantity}
 capacity:{quantity} conditions:[V1PersistentVolumeClaimCondition] currentVolumeAttributesClassName:string
 modifyVolumeStatus:V1ModifyVolumeStatus phase:string
V1PersistentVolumeClaimTemplate metadata:V1ObjectMeta spec!:V1PersistentVolumeClaimSpec
V1PersistentVolumeClaimVolumeSource claimName!:string readOnly:boolean
V1PersistentVolumeSpec accessModes:[string] awsElasticBlockStore:V1AWSElasticBlockStoreVolumeSource
 azureDisk:V1AzureDiskVolumeSource azureFile:V1AzureFilePersistentVolumeSource capacity:{quantity}
 cephfs:V1CephFSPersistentVolumeSource cinder:V1CinderPersistentVolumeSource claimRef:V1ObjectReference
 csi:V1CSIPersistentVolumeSource fc:V1FCVolumeSource flexVolume:V1FlexPersistentVolumeSource
 flocker:V1FlockerVolumeSource gcePersistentDisk:V1GCEPersistentDiskVolumeSource
 glusterfs:V1GlusterfsPersistentVolumeSource hostPath:V1HostPathVolumeSource iscsi:V1ISCSIPersistentVolumeSource
 local:V1LocalVolumeSource mountOptions:[string] nfs:V1NFSVolumeSource nodeAffinity:V1VolumeNodeAffinity
 persistentVolumeReclaimPolicy:string photonPersistentDisk:V1PhotonPersistentDiskVolumeSource
 portworxVolume:V1PortworxVolumeSource quobyte:V1QuobyteVolumeSource rbd:V1RBDPersistentVolumeSource
 scaleIO:V1ScaleIOPersistentVolumeSource storageClassName:string storageos:V1StorageOSPersistentVolumeSource
 volumeAttributesClassName:string volumeMode:string vsphereVolume:V1VsphereVirtualDiskVolumeSource
V1PersistentVolumeStatus lastPhaseTransitionTime:time message:string phase:string reason:string
V1PhotonPersistentDiskVolumeSource fsType:string pdID!:string
V1Pod apiVersion:string kind:string metadata:V1ObjectMeta spec:V1PodSpec status:V1PodStatus
V1PodAffinity preferredDuringSchedulingIgnoredDuringExecution:[V1WeightedPodAffinityTerm]
 requiredDuringSchedulingIgnoredDuringExecution:[V1PodAffinityTerm]
V1PodAffinityTerm labelSelector:V1LabelSelector matchLabelKeys:[string] mismatchLabelKeys:[string]
 namespaceSelector:V1LabelSelector namespaces:[string] topologyKey!:string
V1PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:[V1WeightedPodAffinityTerm]
 requiredDuringSchedulingIgnoredDuringExecution:[V1PodAffinityTerm]
V1PodCertificateProjection certificateChainPath:string credentialBundlePath:string keyPath:string keyType!:string
 maxExpirationSeconds:int32 signerName!:string userAnnotations:{string}
V1PodCondition lastProbeTime:time lastTransitionTime:time message:string observedGeneration:int64 reason:string
 status!:string type!:string
V1PodDNSConfig nameservers:[string] options:[V1PodDNSConfigOption] searches:[string]
V1PodDNSConfigOption name:string value:string
V1PodDisruptionBudget apiVersion:string kind:string metadata:V1ObjectMeta spec:V1PodDisruptionBudgetSpec
 status:V1PodDisruptionBudgetStatus
V1PodDisruptionBudgetSpec maxUnavailable:int-or-string minAvailable:int-or-string selector:V1LabelSelector
 unhealthyPodEvictionPolicy:string
V1PodDisruptionBudgetStatus conditions:[V1Condition] currentHealthy:int32 desiredHealthy:int32 disruptedPods:{time}
 disruptionsAllowed:int32 expectedPods:int32 observedGeneration:int64
V1PodExtendedResourceClaimStatus requestMappings:[V1ContainerExtendedResourceRequest] resourceClaimName:string
V1PodFailurePolicy rules!:[V1PodFailurePolicyRule]
V1PodFailurePolicyOnExitCodesRequirement containerName:string operator!:string values!:[int32]
V1PodFailurePolicyOnPodConditionsPattern status:string type!:string
V1PodFailurePolicyRule action!:string onExitCodes:V1PodFailurePolicyOnExitCodesRequirement
 onPodConditions:[V1PodFailurePolicyOnPodConditionsPattern]
V1PodIP ip!:string
V1PodOS name!:string
V1PodReadinessGate conditionType!:string
V1PodResourceClaim name!:string resourceClaimName:string resourceClaimTemplateName:string
V1PodResourceClaimStatus name:string resourceClaimName:string
V1PodSchedulingGate name!:string
V1PodSchedulingGroup podGroupName:string
V1PodSecurityContext appArmorProfile:V1AppArmorProfile fsGroup:int64 fsGroupChangePolicy:string runAsGroup:int64
 runAsNonRoot:boolean runAsUser:int64 seLinuxChangePolicy:string seLinuxOptions:V1SELinuxOptions
 seccompProfile:V1SeccompProfile supplementalGroups:[int64] supplementalGroupsPolicy:string sysctls:[V1Sysctl]
 windowsOptions:V1WindowsSecurityContextOptions
V1PodSpec activeDeadlineSeconds:int64 affinity:V1Affinity automountServiceAccountToken:boolean
 containers!:[V1Container] dnsConfig:V1PodDNSConfig dnsPolicy:string enableServiceLinks:boolean
 ephemeralContainers:[V1EphemeralContainer] hostAliases:[V1HostAlias] hostIPC:boolean hostNetwork:boolean
 hostPID:boolean hostUsers:boolean hostname:string hostnameOverride:string imagePullSecrets:[V1LocalObjectReference]
 initContainers:[V1Container] nodeName:string nodeSelector:{string} os:V1PodOS overhead:{quantity}
 preemptionPolicy:string priority:int32 priorityClassName:string readinessGates:[V1PodReadinessGate]
 resourceClaims:[V1PodResourceClaim] resources:V1ResourceRequirements restartPolicy:string runtimeClassName:string
 schedulerName:string schedulingGates:[V1PodSchedulingGate] schedulingGroup:V1PodSchedulingGroup
 securityContext:V1PodSecurityContext serviceAccount:string serviceAccountName:string setHostnameAsFQDN:boolean
 shareProcessNamespace:boolean subdomain:string terminationGracePeriodSeconds:int64 tolerations:[V1Toleration]
 topologySpreadConstraints:[V1TopologySpreadConstraint] volumes:[V1Volume]
V1PodStatus allocatedResources:{quantity} conditions:[V1PodCondition] containerStatuses:[V1ContainerStatus]
 ephemeralContainerStatuses:[V1ContainerStatus] extendedResourceClaimStatus:V1PodExtendedResourceClaimStatus
 hostIP:string hostIPs:[V1HostIP] initContainerStatuses:[V1ContainerStatus] message:string
 nodeAllocatableResourceClaimStatuses:[V1NodeAllocatableResourceClaimStatus] nominatedNodeName:string
 observedGeneration:int64 phase:string podIP:string podIPs:[V1PodIP] qosClass:string reason:string resize:string
 resourceClaimStatuses:[V1PodResourceClaimStatus] resources:V1ResourceRequirements startTime:time
V1PodTemplate apiVersion:string kind:string metadata:V1ObjectMeta template:V1PodTemplateSpec
V1PodTemplateSpec metadata:V1ObjectMeta spec:V1PodSpec
V1PolicyRule apiGroups:[string] nonResourceURLs:[string] resourceNames:[string] resources:[string] verbs!:[string]
V1PortStatus error:string port:int32 protocol:string
V1PortworxVolumeSource fsType:string readOnly:boolean volumeID!:string
V1PreferredSchedulingTerm preference!:V1NodeSelectorTerm weight!:int32
V1PriorityClass apiVersion:string description:string globalDefault:boolean kind:string metadata:V1ObjectMeta
 preemptionPolicy:string value:int32
V1Probe exec:V1ExecAction failureThreshold:int32 grpc:V1GRPCAction httpGet:V1HTTPGetAction initialDelaySeconds:int32
 periodSeconds:int32 successThreshold:int32 tcpSocket:V1TCPSocketAction terminationGracePeriodSeconds:int64
 timeoutSeconds:int32
V1ProjectedVolumeSource defaultMode:int32 sources:[V1VolumeProjection]
V1QuobyteVolumeSource group:string readOnly:boolean registry!:string tenant:string user:string volume!:string
V1RBDPersistentVolumeSource fsType:string image!:string keyring:string monitors!:[string] pool:string
 readOnly:boolean secretRef:V1SecretReference user:string
V1RBDVolumeSource fsType:string image!:string keyring:string monitors!:[string] pool:string readOnly:boolean
 secretRef:V1LocalObjectReference user:string
V1ReplicaSet apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ReplicaSetSpec status:V1ReplicaSetStatus
V1ReplicaSetCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V1ReplicaSetSpec minReadySeconds:int32 replicas:int32 selector!:V1LabelSelector template:V1PodTemplateSpec
V1ReplicaSetStatus availableReplicas:int32 conditions:[V1ReplicaSetCondition] fullyLabeledReplicas:int32
 observedGeneration:int64 readyReplicas:int32 replicas:int32 terminatingReplicas:int32
V1ReplicationController apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ReplicationControllerSpec
 status:V1ReplicationControllerStatus
V1ReplicationControllerCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V1ReplicationControllerSpec minReadySeconds:int32 replicas:int32 selector:{string} template:V1PodTemplateSpec
V1ReplicationControllerStatus availableReplicas:int32 conditions:[V1ReplicationControllerCondition]
 fullyLabeledReplicas:int32 observedGeneration:int64 readyReplicas:int32 replicas:int32
V1ResourceClaimConsumerReference apiGroup:string name!:string resource!:string uid!:string
V1ResourceClaimSpec devices:V1DeviceClaim
V1ResourceClaimStatus allocation:V1AllocationResult devices:[V1AllocatedDeviceStatus]
 reservedFor:[V1ResourceClaimConsumerReference]
V1ResourceClaimTemplate apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1ResourceClaimTemplateSpec
V1ResourceClaimTemplateSpec metadata:V1ObjectMeta spec!:V1ResourceClaimSpec
V1ResourceFieldSelector containerName:string divisor:quantity resource!:string
V1ResourceHealth health:string message:string resourceID!:string
V1ResourcePool generation!:int64 name!:string resourceSliceCount!:int64
V1ResourceQuota apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ResourceQuotaSpec
 status:V1ResourceQuotaStatus
V1ResourceQuotaSpec hard:{quantity} scopeSelector:V1ScopeSelector scopes:[string]
V1ResourceQuotaStatus hard:{quantity} used:{quantity}
V1ResourceRequirements claims:[CoreV1ResourceClaim] limits:{quantity} requests:{quantity}
V1ResourceSlice apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1ResourceSliceSpec
V1ResourceSliceSpec allNodes:boolean devices:[V1Device] driver!:string nodeName:string nodeSelector:V1NodeSelector
 perDeviceNodeSelection:boolean pool!:V1ResourcePool sharedCounters:[V1CounterSet]
V1ResourceStatus name:string resources:[V1ResourceHealth]
V1Role apiVersion:string kind:string metadata:V1ObjectMeta rules:[V1PolicyRule]
V1RoleBinding apiVersion:string kind:string metadata:V1ObjectMeta roleRef!:V1RoleRef subjects:[RbacV1Subject]
V1RoleRef apiGroup:string kind!:string name!:string
V1RollingUpdateDaemonSet maxSurge:int-or-string maxUnavailable:int-or-string
V1RollingUpdateDeployment maxSurge:int-or-string maxUnavailable:int-or-string
V1RollingUpdateStatefulSetStrategy maxUnavailable:int-or-string partition:int32
V1RuleWithOperations apiGroups:[string] apiVersions:[string] operations:[string] resources:[string] scope:string
V1RuntimeClass apiVersion:string handler!:string kind:string metadata:V1ObjectMeta overhead:V1Overhead
 scheduling:V1Scheduling
V1SELinuxOptions level:string role:string type:string user:string
V1ScaleIOPersistentVolumeSource fsType:string gateway!:string protectionDomain:string readOnly:boolean
 secretRef!:V1SecretReference sslEnabled:boolean storageMode:string storagePool:string system!:string
 volumeName:string
V1ScaleIOVolumeSource fsType:string gateway!:string protectionDomain:string readOnly:boolean
 secretRef!:V1LocalObjectReference sslEnabled:boolean storageMode:string storagePool:string system!:string
 volumeName:string
V1Scheduling nodeSelector:{string} tolerations:[V1Toleration]
V1ScopeSelector matchExpressions:[V1ScopedResourceSelectorRequirement]
V1ScopedResourceSelectorRequirement operator!:string scopeName!:string values:[string]
V1SeccompProfile localhostProfile:string type!:string
V1Secret apiVersion:string data:{bytes} immutable:boolean kind:string metadata:V1ObjectMeta stringData:{string}
 type:string
V1SecretEnvSource name:string optional:boolean
V1SecretKeySelector key!:string name:string optional:boolean
V1SecretProjection items:[V1KeyToPath] name:string optional:boolean
V1SecretReference name:string namespace:string
V1SecretVolumeSource defaultMode:int32 items:[V1KeyToPath] optional:boolean secretName:string
V1SecurityContext allowPrivilegeEscalation:boolean appArmorProfile:V1AppArmorProfile capabilities:V1Capabilities
 privileged:boolean procMount:string readOnlyRootFilesystem:boolean runAsGroup:int64 runAsNonRoot:boolean
 runAsUser:int64 seLinuxOptions:V1SELinuxOptions seccompProfile:V1SeccompProfile
 windowsOptions:V1WindowsSecurityContextOptions
V1Service apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ServiceSpec status:V1ServiceStatus
V1ServiceAccount apiVersion:string automountServiceAccountToken:boolean imagePullSecrets:[V1LocalObjectReference]
 kind:string metadata:V1ObjectMeta secrets:[V1ObjectReference]
V1ServiceAccountTokenProjection audience:string expirationSeconds:int64 path!:string
V1ServiceBackendPort name:string number:int32
V1ServiceCIDR apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ServiceCIDRSpec status:V1ServiceCIDRStatus
V1ServiceCIDRSpec cidrs:[string]
V1ServiceCIDRStatus conditions:[V1Condition]
V1ServicePort appProtocol:string name:string nodePort:int32 port!:int32 protocol:string targetPort:int-or-string
V1ServiceSpec allocateLoadBalancerNodePorts:boolean clusterIP:string clusterIPs:[string] externalIPs:[string]
 externalName:string externalTrafficPolicy:string healthCheckNodePort:int32 internalTrafficPolicy:string
 ipFamilies:[string] ipFamilyPolicy:string loadBalancerClass:string loadBalancerIP:string
 loadBalancerSourceRanges:[string] ports:[V1ServicePort] publishNotReadyAddresses:boolean selector:{string}
 sessionAffinity:string sessionAffinityConfig:V1SessionAffinityConfig trafficDistribution:string type:string
V1ServiceStatus conditions:[V1Condition] loadBalancer:V1LoadBalancerStatus
V1SessionAffinityConfig clientIP:V1ClientIPConfig
V1SleepAction seconds!:int64
V1StatefulSet apiVersion:string kind:string metadata:V1ObjectMeta spec:V1StatefulSetSpec status:V1StatefulSetStatus
V1StatefulSetCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V1StatefulSetOrdinals start:int32
V1StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:string whenScaled:string
V1StatefulSetSpec minReadySeconds:int32 ordinals:V1StatefulSetOrdinals
 persistentVolumeClaimRetentionPolicy:V1StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy:string
 replicas:int32 revisionHistoryLimit:int32 selector!:V1LabelSelector serviceName:string template!:V1PodTemplateSpec
 updateStrategy:V1StatefulSetUpdateStrategy volumeClaimTemplates:[V1PersistentVolumeClaim]
V1StatefulSetStatus availableReplicas:int32 collisionCount:int32 conditions:[V1StatefulSetCondition]
 currentReplicas:int32 currentRevision:string observedGeneration:int64 readyReplicas:int32 replicas:int32
 updateRevision:string updatedReplicas:int32
V1StatefulSetUpdateStrategy rollingUpdate:V1RollingUpdateStatefulSetStrategy type:string
V1StorageClass allowVolumeExpansion:boolean allowedTopologies:[V1TopologySelectorTerm] apiVersion:string kind:string
 metadata:V1ObjectMeta mountOptions:[string] parameters:{string} provisioner!:string reclaimPolicy:string
 volumeBindingMode:string
V1StorageOSPersistentVolumeSource fsType:string readOnly:boolean secretRef:V1ObjectReference volumeName:string
 volumeNamespace:string
V1StorageOSVolumeSource fsType:string readOnly:boolean secretRef:V1LocalObjectReference volumeName:string
 volumeNamespace:string
V1SuccessPolicy rules!:[V1SuccessPolicyRule]
V1SuccessPolicyRule succeededCount:int32 succeededIndexes:string
V1Sysctl name!:string value!:string
V1TCPSocketAction host:string port!:int-or-string
V1Taint effect!:string key!:string timeAdded:time value:string
V1Toleration effect:string key:string operator:string tolerationSeconds:int64 value:string
V1TopologySelectorLabelRequirement key!:string values!:[string]
V1TopologySelectorTerm matchLabelExpressions:[V1TopologySelectorLabelRequirement]
V1TopologySpreadConstraint labelSelector:V1LabelSelector matchLabelKeys:[string] maxSkew!:int32 minDomains:int32
 nodeAffinityPolicy:string nodeTaintsPolicy:string topologyKey!:string whenUnsatisfiable!:string
V1TypeChecking expressionWarnings:[V1ExpressionWarning]
V1TypedLocalObjectReference apiGroup:string kind!:string name!:string
V1TypedObjectReference apiGroup:string kind!:string name!:string namespace:string
V1UncountedTerminatedPods failed:[string] succeeded:[string]
V1ValidatingAdmissionPolicy apiVersion:string kind:string metadata:V1ObjectMeta spec:V1ValidatingAdmissionPolicySpec
 status:V1ValidatingAdmissionPolicyStatus
V1ValidatingAdmissionPolicyBinding apiVersion:string kind:string metadata:V1ObjectMeta
 spec!:V1ValidatingAdmissionPolicyBindingSpec
V1ValidatingAdmissionPolicyBindingSpec matchResources:V1MatchResources paramRef:V1ParamRef policyName!:string
 validationActions!:[string]
V1ValidatingAdmissionPolicySpec auditAnnotations:[V1AuditAnnotation] failurePolicy:string
 matchConditions:[V1MatchCondition] matchConstraints:V1MatchResources paramKind:V1ParamKind
 validations:[V1Validation] variables:[V1Variable]
V1ValidatingAdmissionPolicyStatus conditions:[V1Condition] observedGeneration:int64 typeChecking:V1TypeChecking
V1ValidatingWebhook admissionReviewVersions!:[string] clientConfig!:AdmissionregistrationV1WebhookClientConfig
 failurePolicy:string matchConditions:[V1MatchCondition] matchPolicy:string name!:string
 namespaceSelector:V1LabelSelector objectSelector:V1LabelSelector rules:[V1RuleWithOperations] sideEffects!:string
 timeoutSeconds:int32
V1ValidatingWebhookConfiguration apiVersion:string kind:string metadata:V1ObjectMeta webhooks:[V1ValidatingWebhook]
V1Validation expression!:string message:string messageExpression:string reason:string
V1Variable expression!:string name!:string
V1Volume awsElasticBlockStore:V1AWSElasticBlockStoreVolumeSource azureDisk:V1AzureDiskVolumeSource
 azureFile:V1AzureFileVolumeSource cephfs:V1CephFSVolumeSource cinder:V1CinderVolumeSource
 configMap:V1ConfigMapVolumeSource csi:V1CSIVolumeSource downwardAPI:V1DownwardAPIVolumeSource
 emptyDir:V1EmptyDirVolumeSource ephemeral:V1EphemeralVolumeSource fc:V1FCVolumeSource flexVolume:V1FlexVolumeSource
 flocker:V1FlockerVolumeSource gcePersistentDisk:V1GCEPersistentDiskVolumeSource gitRepo:V1GitRepoVolumeSource
 glusterfs:V1GlusterfsVolumeSource hostPath:V1HostPathVolumeSource image:V1ImageVolumeSource
 iscsi:V1ISCSIVolumeSource name!:string nfs:V1NFSVolumeSource
 persistentVolumeClaim:V1PersistentVolumeClaimVolumeSource photonPersistentDisk:V1PhotonPersistentDiskVolumeSource
 portworxVolume:V1PortworxVolumeSource projected:V1ProjectedVolumeSource quobyte:V1QuobyteVolumeSource
 rbd:V1RBDVolumeSource scaleIO:V1ScaleIOVolumeSource secret:V1SecretVolumeSource storageos:V1StorageOSVolumeSource
 vsphereVolume:V1VsphereVirtualDiskVolumeSource
V1VolumeAttachment apiVersion:string kind:string metadata:V1ObjectMeta spec!:V1VolumeAttachmentSpec
 status:V1VolumeAttachmentStatus
V1VolumeAttachmentSource inlineVolumeSpec:V1PersistentVolumeSpec persistentVolumeName:string
V1VolumeAttachmentSpec attacher!:string nodeName!:string source!:V1VolumeAttachmentSource
V1VolumeAttachmentStatus attachError:V1VolumeError attached:boolean attachmentMetadata:{string}
 detachError:V1VolumeError
V1VolumeAttributesClass apiVersion:string driverName!:string kind:string metadata:V1ObjectMeta parameters:{string}
V1VolumeDevice devicePath!:string name!:string
V1VolumeError errorCode:int32 message:string time:time
V1VolumeMount mountPath!:string mountPropagation:string name!:string readOnly:boolean recursiveReadOnly:string
 subPath:string subPathExpr:string
V1VolumeMountStatus mountPath:string name:string readOnly:boolean recursiveReadOnly:string
 volumeStatus:V1VolumeStatus
V1VolumeNodeAffinity required:V1NodeSelector
V1VolumeNodeResources count:int32
V1VolumeProjection clusterTrustBundle:V1ClusterTrustBundleProjection configMap:V1ConfigMapProjection
 downwardAPI:V1DownwardAPIProjection podCertificate:V1PodCertificateProjection secret:V1SecretProjection
 serviceAccountToken:V1ServiceAccountTokenProjection
V1VolumeResourceRequirements limits:{quantity} requests:{quantity}
V1VolumeStatus image:V1ImageVolumeStatus
V1VsphereVirtualDiskVolumeSource fsType:string storagePolicyID:string storagePolicyName:string volumePath!:string
V1WeightedPodAffinityTerm podAffinityTerm!:V1PodAffinityTerm weight!:int32
V1WindowsSecurityContextOptions gmsaCredentialSpec:string gmsaCredentialSpecName:string hostProcess:boolean
 runAsUserName:string
V2ContainerResourceMetricSource container!:string name!:string target!:V2MetricTarget
V2ContainerResourceMetricStatus container:string current:V2MetricValueStatus name:string
V2CrossVersionObjectReference apiVersion:string kind!:string name!:string
V2ExternalMetricSource metric!:V2MetricIdentifier target!:V2MetricTarget
V2ExternalMetricStatus current:V2MetricValueStatus metric:V2MetricIdentifier
V2HPAScalingPolicy periodSeconds!:int32 type!:string value!:int32
V2HPAScalingRules policies:[V2HPAScalingPolicy] selectPolicy:string stabilizationWindowSeconds:int32
 tolerance:quantity
V2HorizontalPodAutoscaler apiVersion:string kind:string metadata:V1ObjectMeta spec!:V2HorizontalPodAutoscalerSpec
 status:V2HorizontalPodAutoscalerStatus
V2HorizontalPodAutoscalerBehavior scaleDown:V2HPAScalingRules scaleUp:V2HPAScalingRules
V2HorizontalPodAutoscalerCondition lastTransitionTime:time message:string reason:string status!:string type!:string
V2HorizontalPodAutoscalerSpec behavior:V2HorizontalPodAutoscalerBehavior maxReplicas!:int32 metrics:[V2MetricSpec]
 minReplicas:int32 scaleTargetRef!:V2CrossVersionObjectReference
V2HorizontalPodAutoscalerStatus conditions:[V2HorizontalPodAutoscalerCondition] currentMetrics:[V2MetricStatus]
 currentReplicas:int32 desiredReplicas:int32 lastScaleTime:time observedGeneration:int64
V2MetricIdentifier name!:string selector:V1LabelSelector
V2MetricSpec containerResource:V2ContainerResourceMetricSource external:V2ExternalMetricSource
 object:V2ObjectMetricSource pods:V2PodsMetricSource resource:V2ResourceMetricSource type!:string
V2MetricStatus containerResource:V2ContainerResourceMetricStatus external:V2ExternalMetricStatus
 object:V2ObjectMetricStatus pods:V2PodsMetricStatus resource:V2ResourceMetricStatus type:string
V2MetricTarget averageUtilization:int32 averageValue:quantity type!:string value:quantity
V2MetricValueStatus averageUtilization:int32 averageValue:quantity value:quantity
V2ObjectMetricSource describedObject!:V2CrossVersionObjectReference metric!:V2MetricIdentifier
 target!:V2MetricTarget
V2ObjectMetricStatus current:V2MetricValueStatus describedObject:V2CrossVersionObjectReference
 metric:V2MetricIdentifier
V2PodsMetricSource metric!:V2MetricIdentifier target!:V2MetricTarget
V2PodsMetricStatus current:V2MetricValueStatus metric:V2MetricIdentifier
V2ResourceMetricSource name!:string target!:V2MetricTarget
V2ResourceMetricStatus current:V2MetricValueStatus name:string
`;
