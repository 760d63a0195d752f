// Written by packages/delivery/kubernetes-schema/tools/write-kinds.mjs from @kubernetes/client-node 2.0.1. Do not edit by hand.

/** The release of Kubernetes whose fields these are. */
export const kubernetesRelease = '1.36';

/** One kind a line: apiVersion, kind, type, and `cluster` when it has no namespace. */
export const kindTable = `
v1 Binding V1Binding
v1 ConfigMap V1ConfigMap
v1 Endpoints V1Endpoints
v1 Event CoreV1Event
v1 LimitRange V1LimitRange
v1 Namespace V1Namespace cluster
v1 Node V1Node cluster
v1 PersistentVolume V1PersistentVolume cluster
v1 PersistentVolumeClaim V1PersistentVolumeClaim
v1 Pod V1Pod
v1 PodTemplate V1PodTemplate
v1 ReplicationController V1ReplicationController
v1 ResourceQuota V1ResourceQuota
v1 Secret V1Secret
v1 Service V1Service
v1 ServiceAccount V1ServiceAccount
apps/v1 ControllerRevision V1ControllerRevision
apps/v1 DaemonSet V1DaemonSet
apps/v1 Deployment V1Deployment
apps/v1 ReplicaSet V1ReplicaSet
apps/v1 StatefulSet V1StatefulSet
batch/v1 CronJob V1CronJob
batch/v1 Job V1Job
policy/v1 PodDisruptionBudget V1PodDisruptionBudget
networking.k8s.io/v1 IPAddress V1IPAddress cluster
networking.k8s.io/v1 Ingress V1Ingress
networking.k8s.io/v1 IngressClass V1IngressClass cluster
networking.k8s.io/v1 NetworkPolicy V1NetworkPolicy
networking.k8s.io/v1 ServiceCIDR V1ServiceCIDR cluster
rbac.authorization.k8s.io/v1 ClusterRole V1ClusterRole cluster
rbac.authorization.k8s.io/v1 ClusterRoleBinding V1ClusterRoleBinding cluster
rbac.authorization.k8s.io/v1 Role V1Role
rbac.authorization.k8s.io/v1 RoleBinding V1RoleBinding
admissionregistration.k8s.io/v1 MutatingAdmissionPolicy V1MutatingAdmissionPolicy cluster
admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding V1MutatingAdmissionPolicyBinding cluster
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration V1MutatingWebhookConfiguration cluster
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy V1ValidatingAdmissionPolicy cluster
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding V1ValidatingAdmissionPolicyBinding cluster
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration V1ValidatingWebhookConfiguration cluster
autoscaling/v1 HorizontalPodAutoscaler V1HorizontalPodAutoscaler
autoscaling/v2 HorizontalPodAutoscaler V2HorizontalPodAutoscaler
scheduling.k8s.io/v1 PriorityClass V1PriorityClass cluster
node.k8s.io/v1 RuntimeClass V1RuntimeClass cluster
storage.k8s.io/v1 CSIDriver V1CSIDriver cluster
storage.k8s.io/v1 CSINode V1CSINode cluster
storage.k8s.io/v1 CSIStorageCapacity V1CSIStorageCapacity
storage.k8s.io/v1 StorageClass V1StorageClass cluster
storage.k8s.io/v1 VolumeAttachment V1VolumeAttachment cluster
storage.k8s.io/v1 VolumeAttributesClass V1VolumeAttributesClass cluster
coordination.k8s.io/v1 Lease V1Lease
discovery.k8s.io/v1 EndpointSlice V1EndpointSlice
resource.k8s.io/v1 DeviceClass V1DeviceClass cluster
resource.k8s.io/v1 ResourceClaim ResourceV1ResourceClaim
resource.k8s.io/v1 ResourceClaimTemplate V1ResourceClaimTemplate
resource.k8s.io/v1 ResourceSlice V1ResourceSlice cluster
`;
