"""Why a message did not get out, in Chinese; part of `daemon.feeds.phrases`."""

from types import MappingProxyType

CHANNELS = MappingProxyType({
    # the way there
    "not reached: {why}": "没有连上：{why}",
    "no answer within {seconds} s; it may have arrived": "{seconds} 秒内没有答复，可能已送到",
    "the connection broke before an answer came; it may have arrived": "答复前连接中断，可能已送到",
    "the connection broke": "连接中断",
    "its certificate is not accepted: {why}": "对方的证书不可信：{why}",
    "it does not speak TLS as we do": "对方的 TLS 与我们不通",
    "HTTP {status}: it sends us elsewhere; write its final address": "HTTP {status}：对方要求转到别处，请写最终地址",
    "HTTP {status}, and the answer is not this service's": "HTTP {status}，但答复不是这个服务的",
    "HTTP {status}: {why}": "HTTP {status}：{why}",
    "the service is in trouble": "对方服务有故障",
    "it refuses what we send": "对方拒绝了所发内容",
    "the key or password is not accepted": "密钥或密码不被接受",
    "the key is not accepted, or has no right to send": "密钥不被接受，或没有发送权限",
    "nothing is at that address; see its path": "该地址没有内容，请检查路径",
    "the service is not ready": "对方服务尚未就绪",
    "no answer from behind a gateway; it may have arrived": "网关后面没有答复，可能已送到",
    "the secret {name} cannot be read; `gatehouse check` says why": "读不到密码 {name}，`gatehouse check` 会说明原因",
    "the secret {name} is no certificate (PEM)": "密码 {name} 不是证书（PEM）",
    # what services say
    "{why} (error {number})": "{why}（错误码 {number}）",
    "error {number} of the service: {why}": "服务返回错误码 {number}：{why}",
    "the service is busy": "服务繁忙",
    "the service gave no token": "服务没有给出令牌",
    "it did not take our token": "服务不接受令牌",
    "too many messages; it takes more later": "发得太多，稍后再收",
    "too many messages; it takes none for ten minutes": "发得太多，十分钟内不再接收",
    "too many at the same time": "同时发得太多",
    "too many messages to this number; it takes more later": "发给这个号码太多，稍后再收",
    "it does not take this kind of message": "不支持这种消息",
    "it finds a fault in the message": "消息格式有误",
    "it refuses the words of the message": "消息内容被拒绝",
    "the message is empty": "消息是空的",
    "the message is too long for it": "消息太长",
    "the robot's key is not valid: the robot was removed, or the key is not whole":
        "机器人密钥无效：机器人已移除，或密钥不完整",
    "the robot's token is not known: the robot was removed, or the token is not whole":
        "机器人令牌无效：机器人已移除，或令牌不完整",
    "the robot was switched off; switch it on in the group": "机器人已停用，请在群里启用",
    "the robot is not in the group any more": "机器人已不在群里",
    "the group was dissolved": "群已解散",
    "the signature, keyword or address is not accepted; see the robot's 安全设置 and this box's clock":
        "加签、关键词或 IP 不被接受，请检查机器人的安全设置和本机时钟",
    "the signature is not accepted; see the robot's 签名校验 and this box's clock":
        "签名不被接受，请检查机器人的签名校验和本机时钟",
    "this box's address is not among the robot's addresses (IP 白名单)": "本机 IP 不在机器人的 IP 白名单里",
    "the message holds none of the robot's keywords (自定义关键词)": "消息里没有机器人的自定义关键词",
    "this box's address is not among the application's trusted addresses (企业可信IP)":
        "本机 IP 不在应用的企业可信 IP 里",
    "the application's secret is not accepted": "应用的 Secret 不被接受",
    "the application's number is not accepted": "应用的 AgentId 不被接受",
    "the corporation's id is not accepted": "企业 ID 不被接受",
    "the application has no right to send": "应用没有发送权限",
    "the application has no right to this member": "应用对该成员没有权限",
    "it does not know this member": "没有这个成员",
    "the member is not known, or not in the application's range (可见范围)": "没有这个成员，或不在应用的可见范围内",
    "the server says that it is not well": "服务器说自己不正常",
    "refused by the other end: {why}": "对方拒绝：{why}",
    # gateways to telephones
    "the gateway is busy": "网关繁忙",
    "the gateway answers {words}": "网关答复 {words}",
    "it does not take this telephone number": "号码不被接受",
    "the account has no money left": "账户余额不足",
    "the account, key or password is not accepted": "账户、密钥或密码不被接受",
    "the signature or template is not approved, or does not fit": "签名或模板未审核通过，或不相符",
    "the account has no right to send": "账户没有发送权限",
    # mail
    "the mail server does not take this recipient: {said}": "邮件服务器不接受这个收件人：{said}",
    "the mail server does not take this sender: {said}": "邮件服务器不接受这个发件人：{said}",
    "the mail server does not take a letter: {said}": "邮件服务器不收邮件：{said}",
    "the mail server does not take the letter: {said}": "邮件服务器不收这封邮件：{said}",
    "the mail server does not take the user or password: {said}": "邮件服务器不接受用户名或密码：{said}",
    "the mail server does not greet: {said}": "邮件服务器没有应答问候：{said}",
    "the mail server is not ready: {said}": "邮件服务器尚未就绪：{said}",
    "the mail server offers no TLS at this port: {said}": "邮件服务器在此端口不支持 TLS：{said}",
    "the mail server refuses TLS: {said}": "邮件服务器拒绝 TLS：{said}",
    "what answers there is no mail server": "对方不是邮件服务器",
    "the recipient's address is no mail address": "收件人地址不是邮箱地址",
    # the library for everything else
    "the library apprise is not installed; install gatehouse[apprise]":
        "没有安装 apprise 库，请安装 gatehouse[apprise]",
    "the library is still at an earlier message": "apprise 还在发上一条消息",
    "the library says that it was not sent": "apprise 说没有发出",
    "the library does not take the address in the secret": "apprise 不接受密码里的地址",
    # the outbox
    "the queue of the channel is full": "渠道的队列已满",
    "the channel was taken out of the site": "渠道已从站点删除",
    "not sent within {seconds} s: {why}": "{seconds} 秒内没有发出：{why}",
    "not sent within {seconds} s": "{seconds} 秒内没有发出",
    "told in one message with {count} others": "与另外 {count} 条合并发出",
    "counted, not named, in one message with {count} others": "与另外 {count} 条合并发出，只计数，未列名",
    "fault of the program: {name}": "程序故障：{name}",
})  # fmt: skip
"""English, as senders and outboxes say it -> Chinese."""
