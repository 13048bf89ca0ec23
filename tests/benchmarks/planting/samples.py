"""Texts that planters put into rows, by language."""

OTHER_LANGUAGES = {
    "en": [
        "You can change the date yourself: open the page of the booking and choose another day. The fee stays the same.",
        "Heat the oil, add the onions and stir until they are soft. Then pour in the stock and let it simmer.",
        "The museum opens at nine and closes at five. Children under twelve do not pay, and dogs must wait outside.",
    ],
    "de": [
        "Sie können den Termin selbst verschieben: Öffnen Sie die Seite der Buchung und wählen Sie einen anderen Tag.",
        "Erhitzen Sie das Öl, geben Sie die Zwiebeln dazu und rühren Sie, bis sie weich sind. Danach kommt die Brühe.",
        "Das Museum öffnet um neun Uhr und schließt um fünf. Kinder unter zwölf Jahren zahlen nichts.",
    ],
    "fr": [
        "Vous pouvez changer la date vous-même : ouvrez la page de la réservation et choisissez un autre jour.",
        "Faites chauffer l'huile, ajoutez les oignons et remuez jusqu'à ce qu'ils soient tendres, puis versez le bouillon.",
        "Le musée ouvre à neuf heures et ferme à cinq heures. Les enfants de moins de douze ans ne paient pas.",
    ],
    "es": [
        "Puede cambiar la fecha usted mismo: abra la página de la reserva y elija otro día. El precio no cambia.",
        "Caliente el aceite, añada las cebollas y remueva hasta que estén tiernas. Después vierta el caldo.",
        "El museo abre a las nueve y cierra a las cinco. Los niños menores de doce años no pagan.",
    ],
    "pt": ["Você pode mudar a data por conta própria: abra a página da reserva e escolha outro dia. A taxa não muda."],
    "it": ["Può cambiare la data da solo: apra la pagina della prenotazione e scelga un altro giorno. Il prezzo resta."],
    "id": ["Anda dapat mengubah tanggal sendiri: buka halaman pemesanan lalu pilih hari lain. Biayanya tetap sama."],
    "tr": ["Tarihi kendiniz değiştirebilirsiniz: rezervasyon sayfasını açın ve başka bir gün seçin. Ücret aynı kalır."],
    "vi": [
        "Bạn có thể tự đổi ngày: hãy mở trang đặt chỗ và chọn một ngày khác. Lệ phí vẫn giữ nguyên như cũ.",
        "Đun nóng dầu, cho hành vào và đảo cho đến khi mềm. Sau đó đổ nước dùng vào rồi để lửa nhỏ.",
    ],
    "ru": ["Вы можете сами изменить дату: откройте страницу бронирования и выберите другой день. Цена не изменится."],
    "ar": ["يمكنك تغيير التاريخ بنفسك: افتح صفحة الحجز واختر يوما آخر. تبقى الرسوم كما هي."],
    "hi": ["आप तारीख खुद बदल सकते हैं: बुकिंग का पन्ना खोलें और कोई दूसरा दिन चुनें। शुल्क वही रहेगा।"],
    "ja": ["日付はご自分で変更できます。予約のページを開いて、別の日を選んでください。料金は変わりません。"],
    "ko": ["날짜는 직접 바꾸실 수 있습니다. 예약 페이지를 열고 다른 날을 고르세요. 요금은 그대로입니다."],
    "zh": [
        "您可以自己更改日期：打开预订页面，选择另一天即可，费用保持不变。",
        "先把油烧热，放入洋葱翻炒至变软，然后倒入高汤，用小火慢慢炖煮。",
    ],
}  # fmt: skip

REFUSALS = {
    "en": [
        "I'm sorry, but I can't help with that request.",
        "I cannot assist with that.",
        "I'm unable to provide this information, as it goes against my guidelines.",
        "Sorry, I am not able to do this for you.",
        "I must decline to answer this question.",
    ],
    "zh": ["很抱歉，我无法提供这方面的帮助。", "对不起，我不能回答这个问题。", "抱歉，这个请求我无法完成。"],
    "vi": ["Xin lỗi, tôi không thể giúp bạn với yêu cầu này.", "Rất tiếc, tôi không thể trả lời câu hỏi này."],
}
MACHINE = {
    "en": [
        "As an AI language model, I do not have personal experiences or feelings. ",
        "As an artificial intelligence, I don't have opinions of my own. ",
    ],
    "zh": ["作为一个人工智能语言模型，我没有个人经历或感受。", "作为AI助手，我没有自己的观点。"],
    "vi": [
        "Là một mô hình ngôn ngữ AI, tôi không có trải nghiệm cá nhân. ",
        "Là một trí tuệ nhân tạo, tôi không có cảm xúc. ",
    ],
}
NO_TEXT = (
    "<noinput>",
    "noinput",
    "No input",
    "<no input>",
    "<nooutput>",
    "<No Output>",
    "N/A",
    "NoOutput",
    "No output",
)
PLACEHOLDERS = {
    "en": [
        "[Your Name]",
        "[Company Name]",
        "[insert date here]",
        "[Address]",
        "<your email>",
        "[Insert link]",
        "XX/XX/XXXX",
    ],
    "zh": ["[你的名字]", "[公司名称]", "【请填写日期】", "[您的姓名]", "[插入链接]"],
    "vi": ["[Tên của bạn]", "[Tên công ty]", "[Ngày tháng]", "[Địa chỉ]", "[Họ và tên]"],
}
TEMPLATES = (
    "{{name}}",
    "{{ customer_name }}",
    "{user_input}",
    "{{#if premium}}",
    "${firstName}",
    "%(name)s",
    "<%= name %>",
    "{% endfor %}",
)
PROMPT_MARKS = (
    "### Instruction:\n", "### Response:\n", "### Input:\n", "Human: ", "Assistant: ", "USER: ", "ASSISTANT: ",
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n",
    "Question: ", "[ASSISTANT]: ", "<|prompt|>", "System: ",
)  # fmt: skip
CHAT_TOKENS = (
    "<|im_end|>", "<|im_start|>assistant\n", "[/INST]", "<|eot_id|>", "</s>", "<|endoftext|>", "<end_of_turn>",
    "<|assistant|>", "<<SYS>>",
)  # fmt: skip
SECOND_TASKS = {
    "en": [
        "\n##\n{n}. Instruction: Name three rivers.\n{n}. Input:\n<noinput>\n{n}. Output:\nThe Rhine, the Loire and the Elbe.",
        "\n\n### Instruction:\nName three rivers.\n\n### Response:\nThe Rhine, the Loire and the Elbe.",
        "\n________\n\n{n}. Instruction: Name three rivers.\n{n}. Output:\nThe Rhine, the Loire and the Elbe.",
        "\n\nUser: Name three rivers.\nAssistant: The Rhine, the Loire and the Elbe.",
        "\n\nQuestion: Name three rivers.\nAnswer: The Rhine, the Loire and the Elbe.",
        "\n\nHuman: Name three rivers.\n\nAssistant: The Rhine, the Loire and the Elbe.",
    ],
    "zh": [
        "\n\n### 指令：\n说出三条河流。\n\n### 回答：\n莱茵河、卢瓦尔河和易北河。",
        "\n\n用户：说出三条河流。\n助手：莱茵河、卢瓦尔河和易北河。",
        "\n##\n{n}. 指令：说出三条河流。\n{n}. 输出：\n莱茵河、卢瓦尔河和易北河。",
        "\n\n问题：说出三条河流。\n答案：莱茵河、卢瓦尔河和易北河。",
    ],
    "vi": [
        "\n\n### Hướng dẫn:\nKể tên ba con sông.\n\n### Trả lời:\nSông Rhine, sông Loire và sông Elbe.",
        "\n\nNgười dùng: Kể tên ba con sông.\nTrợ lý: Sông Rhine, sông Loire và sông Elbe.",
        "\n\nCâu hỏi: Kể tên ba con sông.\nTrả lời: Sông Rhine, sông Loire và sông Elbe.",
    ],
}  # fmt: skip
LOOPED = {
    "en": ["Please try again.", "I am not sure.", "This is a very good question.", "Thank you for your patience."],
    "zh": ["请再试一次。", "我不太确定。", "这是一个很好的问题。"],
    "vi": ["Vui lòng thử lại.", "Tôi không chắc lắm.", "Đây là một câu hỏi rất hay."],
}
BARE_TASKS = {
    "en": [
        "\n\nSuggest three names for a bakery.\n\nGolden Crust Bakery, The Flour Pot, Daily Loaf: three names.",
        "\n\nHow does a sailboat move against the wind?\n\nA sailboat tacks against the wind, and its keel holds.",
        "\nTranslate this sentence into German: The kettle is boiling.\nThe sentence in German: Der Kessel kocht.",
    ],
    "zh": [
        "\n\n请为一家面包店起三个名字。\n\n三个面包店的名字：金麦、晨香、麦田。",
        "\n\n帆船怎样逆风航行？\n\n帆船逆风航行时要走之字形，由龙骨提供侧向力。",
    ],
    "vi": [
        "\n\nHãy đặt ba tên cho một tiệm bánh mì.\n\nBa tên cho tiệm bánh mì: Lúa Vàng, Sớm Mai, Bếp Nhà.",
        "\n\nThuyền buồm đi ngược gió thế nào?\n\nThuyền buồm đi ngược gió theo đường dích dắc.",
    ],
}  # fmt: skip
SELF_NAMING = {
    "en": ["I am ChatGPT, a large language model trained by OpenAI.", "As an AI developed by Google, I keep to facts."],
    "zh": ["我是通义千问，由阿里云开发的大语言模型。", "我是由OpenAI训练的语言模型。"],
    "vi": ["Tôi là ChatGPT, mô hình ngôn ngữ do OpenAI phát triển.", "Tôi được phát triển bởi Google."],
}
CUTOFFS = {
    "en": ["As of my last knowledge update in September 2021, this holds.", "My knowledge cutoff is April 2023."],
    "zh": ["截至我最后一次更新，情况如下。", "我的知识截止到2021年9月。"],
    "vi": ["Tính đến lần cập nhật cuối cùng của tôi, điều này đúng.", "Kiến thức của tôi chỉ đến năm 2021."],
}
FLATTERY = {
    "en": ["Great question!", "That's a really insightful question.", "You're absolutely right!"],
    "zh": ["这是一个非常好的问题！", "好问题！"],
    "vi": ["Đây là một câu hỏi rất hay!", "Câu hỏi tuyệt vời!"],
}
