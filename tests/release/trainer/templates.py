"""Six chat templates for tests, each in the manner of a family of models: what they read, and what they leave out."""

from __future__ import annotations

TOOLS = (
    "# Tools\n\nYou may call functions. Their signatures are within <tools></tools>:\n<tools>"
    "{% for tool in tools %}{{ '\n' }}{{ tool | tojson }}{% endfor %}{{ '\n</tools>\n\n' }}"
    'Return calls as <tool_call>\n{"name": <name>, "arguments": <object>}\n</tool_call>'
)
RESPONSES = (
    "{% if loop.first or messages[loop.index0 - 1].role != 'tool' %}<|im_start|>user{% endif %}"
    "{{ '\n<tool_response>\n' }}{{ message.content }}\n</tool_response>"
    "{% if loop.last or messages[loop.index0 + 1].role != 'tool' %}<|im_end|>\n{% endif %}"
)

QWEN = (
    "{% set ns = namespace(last=-1) %}"
    "{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
    "{% if tools %}<|im_start|>system\n"
    "{% if messages[0].role == 'system' %}{{ messages[0].content + '\n\n' }}{% endif %}" + TOOLS + "<|im_end|>\n"
    "{% elif messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n{% endif %}"
    "{% for message in messages %}{% set content = message.content if message.content is string else '' %}"
    "{% if message.role == 'user' or (message.role == 'system' and not loop.first) %}"
    "<|im_start|>{{ message.role }}\n{{ content }}<|im_end|>\n"
    "{% elif message.role == 'assistant' %}<|im_start|>assistant\n{% set thought = '' %}"
    "{% if message.reasoning_content is string %}{% set thought = message.reasoning_content %}"
    "{% elif '</think>' in content %}"
    "{% set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}"
    "{% set content = content.split('</think>')[-1].lstrip('\n') %}{% endif %}"
    "{% if loop.index0 > ns.last and (loop.last or thought) %}<think>\n{{ thought.strip('\n') }}\n</think>\n\n"
    "{{ content.lstrip('\n') }}{% else %}{{ content }}{% endif %}"
    "{% for call in message.tool_calls or [] %}{% if content or not loop.first %}{{ '\n' }}{% endif %}"
    '<tool_call>\n{"name": "{{ call.function.name }}", "arguments": '
    "{{ call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}}\n"
    "</tool_call>{% endfor %}<|im_end|>\n"
    "{% elif message.role == 'tool' %}" + RESPONSES + "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
"""Reads `reasoning_content` or <think> tags, of the turns after the last question alone; arguments in either form."""

LLAMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content | trim %}"
    "{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}"
    "<|start_header_id|>system<|end_header_id|>\n\n{% if tools is not none %}Environment: ipython\n{% endif %}"
    "{{ system }}<|eot_id|>"
    "{% if tools is not none %}{% set first = messages[0].content | trim %}{% set messages = messages[1:] %}"
    "<|start_header_id|>user<|end_header_id|>\n\nRespond with JSON for one of these functions:\n\n"
    "{% for tool in tools %}{{ tool | tojson(indent=4) }}\n\n{% endfor %}{{ first }}<|eot_id|>{% endif %}"
    "{% for message in messages %}{% if message.role == 'tool' %}"
    "<|start_header_id|>ipython<|end_header_id|>\n\n{{ message.content | tojson }}<|eot_id|>"
    "{% elif 'tool_calls' in message %}{% if message.tool_calls | length != 1 %}"
    "{{ raise_exception('This model only supports single tool-calls at once!') }}{% endif %}"
    '<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "{{ message.tool_calls[0].function.name }}", '
    '"parameters": {{ message.tool_calls[0].function.arguments | tojson }}}<|eot_id|>'
    "{% else %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n{{ message.content | trim }}<|eot_id|>"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
"""One call a turn, arguments as an object; knows no reasoning."""

HERMES = (
    "{% if tools %}<|im_start|>system\n{{ messages[0].content if messages[0].role == 'system' else 'Be helpful.' }}\n\n"
    + TOOLS
    + "<|im_end|>\n{% elif messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n"
    "{% endif %}{% for message in messages %}"
    "{% if message.role == 'tool' %}" + RESPONSES + "{% elif message.role != 'system' %}"
    "<|im_start|>{{ message.role }}{% if message.content %}{{ '\n' + message.content }}{% endif %}"
    "{% for call in message.tool_calls or [] %}{{ '\n<tool_call>\n' }}"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>'
    "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Tools in the system prompt, arguments as an object; knows no reasoning."""

DEEPSEEK = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}"
    "{% for message in messages %}{% if message.role == 'user' %}<|User|>{{ message.content }}"
    "{% elif message.role == 'tool' %}<|tool_output|>{{ message.content }}"
    "{% elif message.role == 'assistant' %}<|Assistant|>"
    "{% set content = message.content or '' %}{{ content.split('</think>')[-1] }}"
    "{% for call in message.tool_calls or [] %}"
    "{{ '<|tool_call|>' + call.type + '<|tool_sep|>' + call.function.name + '\n```json\n' + call.function.arguments"
    " + '\n```' }}{% endfor %}<|end_of_sentence|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|Assistant|><think>\n{% endif %}"
)
"""Arguments as JSON text; leaves reasoning and tools out."""

SMOL = (
    "{% set thinking = enable_thinking if enable_thinking is defined else true %}<|im_start|>system\n"
    "Reasoning Mode: {{ '/think' if thinking else '/no_think' }}\n\n"
    "{% if custom_instructions is defined and custom_instructions %}{{ custom_instructions }}"
    "{% elif messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}"
    "{% set known = xml_tools if xml_tools is defined and xml_tools else tools %}"
    "{% if known %}\n\n### Tools\n{% for tool in known %}\n{{ tool if tool is string else tool | tojson }}{% endfor %}"
    "{% endif %}<|im_end|>\n"
    "{% for message in messages %}{% if message.role == 'assistant' %}<|im_start|>assistant\n"
    "{% generation %}{% if not thinking %}<think>\n\n</think>\n{% endif %}{{ message.content }}<|im_end|>"
    "{% endgeneration %}{{ '\n' }}{% elif message.role != 'system' %}"
    "<|im_start|>{{ 'user' if message.role == 'tool' else message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Goes by `chat_template_kwargs`; reads neither fields of reasoning nor typed calls: both stand in the text."""

HARMONY = (
    "<|start|>system<|message|>Valid channels: analysis, commentary, final.<|end|>"
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set messages = messages[1:] %}"
    "{% else %}{% set system = '' %}{% endif %}"
    "{% if system or tools %}<|start|>developer<|message|>{{ system }}{% for tool in tools or [] %}"
    "\n// {{ tool.function.description }}\ntype {{ tool.function.name }} = {{ tool.function.parameters | tojson }}"
    "{% endfor %}<|end|>{% endif %}"
    "{% set ns = namespace(called=none) %}{% for message in messages %}{% if message.role == 'assistant' %}"
    "{% if 'tool_calls' in message %}"
    "{% if message.content and message.thinking %}{{ raise_exception('Cannot pass both content and thinking') }}"
    "{% elif message.content or message.thinking %}"
    "<|start|>assistant<|channel|>analysis<|message|>{{ message.content or message.thinking }}<|end|>{% endif %}"
    "{% set ns.called = message.tool_calls[0].function.name %}<|start|>assistant to=functions.{{ ns.called }}"
    "<|channel|>commentary json<|message|>{{ message.tool_calls[0].function.arguments | tojson }}<|call|>"
    "{% elif loop.last %}{% if 'thinking' in message %}"
    "<|start|>assistant<|channel|>analysis<|message|>{{ message.thinking }}<|end|>{% endif %}"
    "<|start|>assistant<|channel|>final<|message|>{{ message.content }}<|return|>"
    "{% else %}<|start|>assistant<|channel|>final<|message|>{{ message.content }}<|end|>{% endif %}"
    "{% elif message.role == 'tool' %}{% if ns.called is none %}{{ raise_exception('no call before a result') }}"
    "{% endif %}<|start|>functions.{{ ns.called }} to=assistant<|channel|>commentary<|message|>"
    "{{ message.content | tojson }}<|end|>{% else %}<|start|>user<|message|>{{ message.content }}<|end|>"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
"""Reads `thinking`, of the last turn and before calls; the first call of a turn alone, its arguments as an object."""

TEMPLATES = {
    "qwen": QWEN, "llama": LLAMA, "hermes": HERMES, "deepseek": DEEPSEEK, "smol": SMOL, "harmony": HARMONY,
}  # fmt: skip
