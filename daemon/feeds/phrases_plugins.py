"""What is said of third-party drivers that went wrong, in Chinese; part of `daemon.feeds.phrases`."""

PLUGINS = {
    "DriverFaultError in {verb}: {why}": "{verb} 出错：{why}",
    "ForbiddenError in {verb}: {why}": "{verb} 越权：{why}",
    "wants {what}; declare RIGHTS = ({rights},) and the site must allow it":
        "想用 {what}：须在驱动文件顶部写 RIGHTS = ({rights},)，并由站点文件 drivers: 允许",
    "wants {what}; no driver may do that": "想用 {what}：任何驱动都不允许",
    "the driver was stopped: {why}": "驱动已被停止：{why}",
    "the driver is started again: {why}": "驱动正在重新启动：{why}",
    "the driver was started again before its device had answered": "设备还没应答，驱动就被重新启动了",
    "stopped {count} times within an hour, the last time: {why}": "一小时内被停止 {count} 次，最近一次：{why}",
    "no answer within {limit} ms in {verb}": "{verb} 在 {limit} 毫秒内没有结果",
    "no answer within {limit} ms": "{limit} 毫秒内没有结果",
    "its process has ended ({why}) in {verb}": "{verb} 时驱动进程退出（{why}）",
    "its process has ended in {verb}": "{verb} 时驱动进程退出",
    "its process has ended ({why})": "驱动进程已退出（{why}）",
    "its process has ended": "驱动进程已退出",
    "its process cannot be started: {why}": "驱动进程无法启动：{why}",
    "its calls take more than {share} of the daemon's time": "它的调用占用超过 {share} 的时间",
    "not loaded within {limit} s": "{limit} 秒内没有装入",
    "its file was changed meanwhile; reload the site": "驱动文件在此期间被改动，请执行 gatehouse reload",
    "it refused to be loaded: {why}": "无法装入：{why}",
    "its answer to {verb} cannot be: {why}": "{verb} 的结果不合约定：{why}",
    "it spoke unasked in {verb}": "{verb} 时未经询问就发送",
    "{shown} is no Sample of true, false, a number or a text": "{shown} 不是真假、数字或文字的 Sample",
    "two of its points have the same name": "有两个点同名",
    "two of its scans have the same name": "有两个扫描同名",
    "{channel} is none of its points": "{channel} 不是它的点",
    "{channel} is {value}, which is no number": "{channel} 为 {value}，不是数字",
    "started again, it has other points than before": "重新启动后点位与先前不同",
}  # fmt: skip
"""English, as `daemon/plugins` says it -> Chinese. The verb is that of the contract: ask, read, write, find."""
