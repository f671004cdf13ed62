"""Chat templates in the shapes that published ones have, and what transformers makes of them."""

from datetime import datetime
from unittest import mock

from transformers.utils import chat_template_utils

NOW = datetime(2024, 7, 26, 12, 5, 9)
BOS, EOS = "<s>", "</s>"

SYSTEM = {"role": "system", "content": "  Be brief.\n"}
ASK = {"role": "user", "content": "Which is the largest ocean?"}
ANSWER = {"role": "assistant", "content": "<think>\nwater\n</think>\n\nThe Pacific. "}
MORE = {"role": "user", "content": " And \"<the>\" next & 'last'?\té😀<|im_end|> {{ 7 * 7 }} {% raw %}"}
CONVERSATIONS = [
    [ASK],
    [SYSTEM, ASK],
    [ASK, ANSWER, MORE],
    [SYSTEM, ASK, ANSWER, MORE, ANSWER],
    [ANSWER],
    [],
]

TEMPLATES = {
    # One line, a default system message, string concatenation.
    "chatml": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}"
        "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    # Blocks on lines of their own: trim_blocks and lstrip_blocks; a date; slices; tools.
    "headers": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- a comment #}
{%- if messages and messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|header|>system<|/header|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|header|>' + message['role'] + '<|/header|>\\n\\n' + message['content'] | trim + '<|eot|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One tool call at once!") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|header|>assistant<|/header|>\\n\\n' }}
{%- endif %}
""",
    # A namespace, methods of strings, reversed slices, thoughts taken out of earlier answers.
    "thinking": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}{{ tools | tojson }}
{%- else %}
    {%- if messages and messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {{- '\\n<tool_call>' + tool_call.name + '</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    # Roles must alternate; the system message goes into the first turn; content may be a list.
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {{ item['text'] | trim }}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
""",
    # Whatever is left: filters, tests, macros, loops that stop early, methods, printing of Python's values.
    "features": """{% macro turn(role, text='') %}
[{{ role|upper }}] {{ text|trim|replace('\\n', ' / ') }}
{% endmacro %}
{% set known = {'user': 'U', 'assistant': 'A', 'system': 'S'} %}
{% for message in messages %}
  {% if loop.index > 3 %}
    {% break %}
  {% endif %}
  {% if message.role not in known %}
    {% continue %}
  {% endif %}
{{ turn(known[message.role], message.content) }}
{% generation %}
{{ loop.index }}/{{ loop.length }} {{ loop.first }} {{ loop.last }} {{ loop.revindex0 }} {{ loop.cycle('a', 'b') }}
{%- if loop.previtem is defined %} after {{ loop.previtem.role }}{% endif %}

{% endgeneration %}
{% endfor %}
{{ messages|tojson }}
{{ messages|tojson(indent=4) }}
{{ ['a', 1, 2.5, true, none, 'é"\\\\\\n<>&']|tojson }} {{ []|tojson(indent=2) }} {{ {}|tojson }}
{{ none }} {{ true }} {{ 1 == 1 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 7 % 3 }} {{ -1 }} {{ 1.0 }}
{{ messages|length }} {{ messages|selectattr('role', 'equalto', 'user')|list|length }} {{ messages|map(attribute='role')|join(', ') }}
{{ messages|rejectattr('role', 'eq', 'user')|map(attribute='role')|list|length }}
{% for key, value in known.items() %}{% if value is string and key is defined %}{{ value|lower }}{% endif %}{% endfor %}

{{ 'a,b,,c'.split(',')|join('|') }} {{ ' x y '.strip() }} {{ 'xxabxx'.strip('x') }} {{ 'ab'.upper() }} {{ 'Ab cD'.title() }} {{ 'aXbX'.replace('X', '-') }}
{{ 'abcdef'[1:3] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[-2:] }} {{ range(3)|list|length }} {{ 'b' in 'abc' }} {{ 'a' ~ 1 ~ none }}
{{ missing is defined }} {{ missing|default('d') }} {{ missing }} {{ known.get('user') }} {{ known.get('x', 'y') }} {{ 'abc'.find('c') }} {{ 'abc'.endswith('bc') }}
{% set ns = namespace(n=0) %}{% for i in range(4) if i is odd %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }} {{ [3, 1, 2]|sort|first }} {{ [1, 2, 3]|last }}
{%+ if true %} kept {%+ endif %}
{{- '  lines\\n  here'|indent(2) }} {{ 'x' if false else 'y' }} {{ (1, 2)[0] }} {{ 'line\\n' 'joined' }}
{{ bos_token }}{{ eos_token }}
""",
    # Python's methods on strings and maps.
    "methods": """{% set t = '  One two  THREE\\nfour é ' %}
{{ t.split() }} {{ t.split(none, 1) }} {{ t.split(' ') }} {{ t.split('o', 1) }} {{ 'a,b,c'.split(',', -1) }}
[{{ t.strip() }}] [{{ t.lstrip() }}] [{{ t.rstrip() }}] [{{ 'xyaxy'.lstrip('xy') }}] [{{ 'xyaxy'.rstrip('yx') }}]
{{ t.splitlines() }} {{ t.upper() }} {{ t.lower() }} {{ t.title() }} {{ 'élan VITAL'.capitalize() }} {{ "it's 3rd".title() }}
{{ 'ééa'.find('a') }} {{ 'abab'.rfind('ab') }} {{ 'abab'.find('x') }} {{ 'aaaa'.count('aa') }} {{ 'ab'.replace('', '-') }} {{ 'aaa'.replace('a', 'b', 2) }}
{{ 'a.b'.removeprefix('a.') }} {{ 'a.b'.removesuffix('.b') }} {{ 'ab'.startswith(('x', 'a')) }} {{ 'ab'.endswith('') }} {{ '12'.isdigit() }} {{ ''.isdigit() }} {{ '-'.join(['a', 'b']) }}
{% set m = {'b': 1, 'a': [true, none], 'c': {'d': 'e'}} %}
{{ m.keys()|list }} {{ m.values()|list }} {{ m.get('z') }} {{ m.get('z', 0) }} {{ m.get('b') }} {{ m|tojson(indent=2) }} {{ m }}
{% for k, v in m.items() %}{{ loop.index }}{{ k }}={{ v }};{% endfor %}
{% for k, v in m|dictsort %}{{ k }}{% endfor %} {{ m|length }} {{ 'a' in m }} {{ [1, 2, 2]|unique|list }} {{ [3, 1]|sort|reverse|list }}
{{ 'a-b'|replace('-', '+') }} {{ 'aXb'|lower|title }} {{ '3'|int + 1 }} {{ -2|abs }} {{ [1, none, 2]|select|list }} {{ [1, none, 2]|reject('none')|list }} {{ 'x'|upper|default('y') }} {{ ''|default('y', true) }}
{{ messages is sequence }} {{ m is mapping }} {{ 1 is integer }} {{ 1.5 is float }} {{ true is boolean }} {{ 1 is number }} {{ m is iterable }} {{ none is none }} {{ 1 is ne 2 }} {{ 2 is even }} {{ 1 is in [1] }} {{ true is true }} {{ false is false }}
{% for role, group in [['a', 1], ['b', 2]] %}{{ role }}{{ group }}{% else %}none{% endfor %}{% for x in [] %}{% else %}empty{% endfor %}

{%- set ns = namespace(text='') -%}{%- for x in 'abc' -%}{%- set ns.text = ns.text ~ x ~ loop.index -%}{%- endfor -%}{{ ns.text }}
{{- "q'\\"" }}
""",
    "refuses": "line one\n{{ messages[0].role }}\n{{ raise_exception('Only user and assistant roles are supported!') }}\n",
    "undefined": "a\nb\n{{ messages[0].content.nothing.at.all }}\n",
}


def render(template, messages, add_generation_prompt, clock):
    """Transformers' own rendering; the date stands still."""
    with mock.patch.object(chat_template_utils, "datetime") as fixed:
        fixed.now.return_value = NOW
        compiled = chat_template_utils._compile_jinja_template(template)
        if not clock:
            compiled.globals = {k: v for k, v in compiled.globals.items() if k != "strftime_now"}
        return compiled.render(
            messages=messages,
            tools=None,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            bos_token=BOS,
            eos_token=EOS,
        )


def case(name, template, messages, prompt, clock):
    row = {"template": name, "messages": messages, "prompt": prompt, "clock": clock}
    try:
        row["text"] = render(template, messages, prompt, clock)
    except Exception as error:  # whatever the reference refuses, we refuse
        row["error"] = str(error)
    return row


def cases(default_template):
    """Sources by name first, then a row for each rendering. The default model's source is in its file."""
    rows = [{"name": name, "source": source} for name, source in TEMPLATES.items()]
    for name, source in {"default": default_template, **TEMPLATES}.items():
        for messages in CONVERSATIONS:
            for prompt in (True, False):
                rows.append(case(name, source, messages, prompt, prompt))
    return rows
