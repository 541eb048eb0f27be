// "May I?" and "Who am I?": whoever has the token may do everything here.
import type { JsonObject } from "../../lib/json.ts";
import { jsonReply, type Call, type Reply } from "./call.ts";
import { readObject } from "./http/body.ts";

const everything: JsonObject = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const everywhere: JsonObject = { verbs: ["*"], nonResourceURLs: ["*"] };

const answers: Readonly<Record<string, JsonObject>> = {
  SelfSubjectAccessReview: { allowed: true, reason: "the token of this server allows everything" },
  SelfSubjectRulesReview: {
    resourceRules: [everything],
    nonResourceRules: [everywhere],
    incomplete: false,
  },
  SelfSubjectReview: {
    userInfo: { username: "haldane", groups: ["system:masters", "system:authenticated"] },
  },
};

/** The review that was posted, answered. */
export async function answerReview(call: Call, kind: string): Promise<Reply> {
  const review = await readObject(call);
  const status = answers[kind] ?? {};
  return jsonReply({ metadata: {}, ...review, status }, 201);
}
