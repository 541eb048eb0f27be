import { serve } from "../../../app/serve.mjs";

serve({ version: "v3", failPercent: 20 });
