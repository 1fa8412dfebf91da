"""What each fault of a card list says, in the same form as `daemon.config.wording`."""

CARDS = {
    "cards_column": (
        "the first row is {value}", "the columns are: {known}",
        "第一行是 {value}", "列名应为：{known}"),
    "cards_cells": (
        "row {row} has {value} cells",
        "it has {wanted}, as the first row says; put a text that holds a comma in quotes",
        "第 {row} 行有 {value} 格", "应为 {wanted} 格，与第一行相同；含逗号的文字请加引号"),
    "card_number": (
        "row {row}: '{value}' is not a card number", "write the digits as they stand on the card",
        "第 {row} 行：'{value}' 不是卡号", "请照卡面写数字"),
    "card_number_lost": (
        "row {row}: '{value}' has lost digits",
        "the spreadsheet has rounded it; format the column as text and type it again",
        "第 {row} 行：'{value}' 丢失了数字", "表格软件把卡号改成了科学计数，请把该列设为文本后重新输入"),
    "card_twice": (
        "row {row}: the card {value} is already in row {first}", "keep one row",
        "第 {row} 行：卡 {value} 已在第 {first} 行", "只保留一行"),
    "card_no_name": (
        "row {row}: the card {value} has no name", "write whose card it is",
        "第 {row} 行：卡 {value} 没有姓名", "请写明持卡人"),
    "card_no_door": (
        "row {row}: the card {value} opens nothing", "write doors and lanes, with spaces between them",
        "第 {row} 行：卡 {value} 没有可开的门", "请写门和车道，用空格分开"),
    "card_door": (
        "row {row}: there is no door or lane '{value}'", "known: {known}",
        "第 {row} 行：没有门或车道 '{value}'", "已有：{known}"),
    "card_door_ambiguous": (
        "row {row}: '{value}' may be {known}", "write it in full",
        "第 {row} 行：'{value}' 可能是 {known}", "请写全称"),
    "card_date": (
        "row {row}: '{value}' is not a date", "write year-month-day, for example 2026-08-31",
        "第 {row} 行：'{value}' 不是日期", "请写年-月-日，例如 2026-08-31"),
    "card_dates": (
        "row {row}: the card ends ({value}) before it begins ({other})", "see both dates",
        "第 {row} 行：卡的截止日期（{value}）早于起始日期（{other}）", "请检查两个日期"),
    "card_hours": (
        "row {row}: '{value}' are not hours", "{why}",
        "第 {row} 行：'{value}' 不是时段", "请写成 Mon-Sat 06:00-18:00 这样"),
    "cards_text": (
        "the list is neither UTF-8 nor GB18030", "save it again as CSV UTF-8",
        "名单既不是 UTF-8 也不是 GB18030 编码", "请另存为 CSV UTF-8"),
    "cards_rows": (
        "the list has no row below the first", "write one card in each row",
        "名单只有标题行", "每行写一张卡"),
}  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""
