import { serve } from "../../../app/serve.mjs";

serve({ version: "v1" });
