"""What is said of fire monitoring centres and of devices that call, in Chinese; part of `daemon.feeds.phrases`."""

CENTRE = {
    "the centre's clock is {seconds} s from ours": "中心时钟与本机相差 {seconds} 秒",
    "the centre denies it (command 6)": "中心否认（命令 6）",
    "the centre confirmed nothing, {times} times in {seconds} s": "中心一直不确认：{seconds} 秒内发了 {times} 次",
    "the centre closed the connection": "中心断开了连接",
    "the centre takes nothing more": "中心不再接收数据",
    "{count} questions within a second: no centre does that": "一秒内 {count} 次询问，不像是监控中心",
    "{address} refused {channel}: {why}; compare addresses, check and types with the centre's list":
        "{address} 拒收 {channel}：{why}；请与中心核对地址、校验方式和类型",
    "it has not called yet": "尚未来电",
    "nothing sound heard for {seconds} s": "{seconds} 秒没有收到有效数据",
    "called from {address}": "{address} 来电",
    "the device closed the connection": "设备断开了连接",
    "it has reported no state yet": "尚未上报状态",
}  # fmt: skip
"""As `daemon.feeds.phrases.PHRASES`."""
