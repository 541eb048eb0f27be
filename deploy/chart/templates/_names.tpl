{{- define "haldane.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "haldane.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "haldane.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "haldane.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "haldane.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "haldane.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "haldane.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "haldane.selectorLabels" -}}
app.kubernetes.io/name: {{ include "haldane.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "haldane.labels" -}}
{{ include "haldane.selectorLabels" . }}
app.kubernetes.io/component: rollouts-controller
app.kubernetes.io/part-of: haldane
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{/*
Metadata of an object in the release's namespace. In cluster scope the namespace is written out, because the
ClusterRoleBinding names it, too; in namespace scope nothing names one, and the objects go wherever they are applied.
*/}}
{{- define "haldane.metadata" -}}
name: {{ include "haldane.fullname" . }}
{{- if not .Values.namespaced }}
namespace: {{ .Release.Namespace }}
{{- end }}
labels:
  {{- include "haldane.labels" . | nindent 2 }}
{{- end -}}

{{/* The Lease's name, as Argo Rollouts' controller has it. */}}
{{- define "haldane.leaseName" -}}
argo-rollouts-controller-lock{{ with .Values.instanceId }}-{{ . }}{{ end }}
{{- end -}}
