"""Sentences and names for the pages of the movies: all made up for the mirror (floor 1).

Real pages quote summaries and visitors. These sentences speak of no film, and the people in them
do not exist. Short parts are put together, so that text packs about as well as written text does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.sites.sentences import OPENINGS, TURNS

if TYPE_CHECKING:
    from crawlbench.sites.movies import MovieFacts
    from crawlbench.sites.subjects.dice import Dice

TIMES = (
    *("那年初秋", "凌晨三点", "雨停以后", "退潮之前", "第二天早上", "散场之后"),
    *("入冬那天", "多年以后", "临行前夜", "午饭时分", "停电当晚", "开学那周"),
    *("收工以后", "天快亮时", "黄昏时候", "列车到站前"),
)
PEOPLE = (
    *("她", "他", "一家人", "老邻居", "摆渡人", "修表匠", "女教师", "小儿子", "旅客", "守门人"),
    *("信差", "新来的人", "外祖母", "乐手", "船员", "学徒", "看客", "写信的人", "店主", "两兄弟"),
)
MANNERS = (
    *("慢慢", "忽然", "终于", "悄悄", "再次", "独自", "只好", "仍然", "几乎", "当众"),
    *("反复", "勉强", "竟然", "照旧", "渐渐", "默默", "索性", "无意间", "轻轻", "认真"),
)
DEEDS = (
    *("推开", "记起", "守住", "放下", "描出", "听见", "找回", "错过", "原谅", "打听"),
    *("收起", "点亮", "翻过", "接住", "写下", "望见", "藏好", "修补", "带走", "数清"),
)
KINDS = (
    *("半掩", "生锈", "潮湿", "遥远", "陌生", "旧日", "安静"),
    *("漏风", "发烫", "褪色", "没有署名", "无人认领", "空荡荡", "还没干透"),
    *("写错地址", "不肯停下", "低矮", "透明", "拥挤", "微小"),
)
THINGS = (
    *("木门", "照片", "账本", "车票", "码头", "歌声", "脚印", "誓言", "钥匙", "雪地"),
    *("灯塔", "收音机", "长桌", "地图", "口哨", "围巾", "石阶", "邻居家的窗", "信封", "钟摆"),
)
VIEWS = (
    *("节奏拿捏得稳", "配乐恰到好处", "剪辑利落", "光影讲究", "台词不多"),
    *("留白很足", "群像写得细", "结构像一只钟", "镜头跟得很近", "色调偏冷"),
    *("转场干净", "收尾克制", "细节经得起看", "情绪给得准"),
)
TURNED = ("却", "于是", "然后", "才", "又", "从此", "最后", "便")
FAMILY_NAMES = tuple("柯岚佟褚宓闻蔺郗栾鄢咸芮隗溥郝邬逄仉阚晏桑瞿桓斛蒙濮寿逯汲麴")
GIVEN_NAMES = tuple("之禾屿澄砚霁听澜知微行简未晞望舒景初蘅叙珩昀槿湜棠朔弋彧沅菀翎溯莳峤苒汀煦筠")
PLACE_HEADS = tuple("临柳青白石松云浅远枫沙寒竹落双鹿雁杏麦芦盐铁梨渔枣槐沉响回断鸦菱烟鹭")
PLACE_MIDDLES = tuple("川溪河塘岭坪湾原门浦泉桥洲堡园津埠坞崖陂滩垭岔圩冲畈")
PLACE_TAILS = ("镇", "渡", "巷", "路", "车站", "码头", "中学", "里", "林场", "盐场", "书店", "旅馆")
SYLLABLES = (
    *("ba", "dren", "kel", "mir", "to", "lun", "vash", "ori", "pel", "gant", "ysa", "ther", "quin"),
    *("zo", "ril", "nemo", "harv", "eki", "sol", "tamb", "urd", "wen", "fiol", "jask", "cay", "ib"),
)
DIGITS = tuple("零一二三四五六七八九")
NICK_HEADS = (
    *("海边", "半夜", "第七", "不眠", "纸上", "旧城"),
    *("晴天", "迟到", "慢车", "透明", "北窗", "南风"),
)
NICK_TAILS = (
    *("放映员", "的猫", "观众", "收藏家", "路人", "小站"),
    *("胶片", "排座位", "候鸟", "的灯", "旅人", ""),
)


def compose_sentence(dice: Dice, movie: MovieFacts) -> str:
    """Return one sentence of one of four shapes."""
    shape = dice.number(0, 9)
    if shape < 5:
        one, other = _deed(dice), _deed(dice)
        return f"{_time(dice)}，{_who(dice)}{one}，{dice.choose(TURNED)}{other}。"
    if shape < 7:
        return f"{_who(dice)}{_deed(dice)}，{_who(dice)}在{_place(dice)}{_deed(dice)}。"
    if shape < 9:
        return f"{dice.choose(VIEWS)}，{dice.choose(VIEWS)}，{_place(dice)}那一段尤其如此。"
    opening = dice.choose(OPENINGS).format(genre=movie.genres.split()[0], year=movie.year)
    return f"{opening}，{dice.choose(TURNS)}。"


def compose_text(dice: Dice, movie: MovieFacts, sentences: int) -> str:
    """Return as many sentences."""
    return "".join([compose_sentence(dice, movie) for _ in range(sentences)])


def compose_headline(dice: Dice) -> str:
    """Return a review's title, such as `关于车票，以及褪色的灯塔`."""
    return f"关于{dice.choose(THINGS)}，以及{dice.choose(KINDS)}的{dice.choose(THINGS)}"


def compose_name(dice: Dice) -> str:
    """Return the name of a person who is in no film: two or three characters."""
    given = "".join([dice.choose(GIVEN_NAMES) for _ in range(dice.number(1, 2))])
    return dice.choose(FAMILY_NAMES) + given


def compose_foreign_name(dice: Dice) -> str:
    """Return a name in Latin letters that nobody bears, such as `Mirkel Vashdren`."""
    words = ["".join([dice.choose(SYLLABLES) for _ in range(dice.number(2, 3))]) for _ in range(2)]
    return " ".join(words).title()


def compose_nick(dice: Dice) -> str:
    """Return what a made-up visitor calls themselves."""
    if dice.chance(0.4):
        return f"{dice.choose(SYLLABLES)}{dice.choose(SYLLABLES)}{dice.number(2, 9999)}"
    return f"{dice.choose(NICK_HEADS)}{dice.choose(NICK_TAILS)}"


def _time(dice: Dice) -> str:
    if dice.chance(0.5):
        return dice.choose(TIMES)
    year = "".join([dice.choose(DIGITS) for _ in range(2)])
    return f"一九{year}年{dice.choose(DIGITS[1:])}月"


def _who(dice: Dice) -> str:
    return compose_name(dice) if dice.chance(0.6) else dice.choose(PEOPLE)


def _place(dice: Dice) -> str:
    return dice.choose(PLACE_HEADS) + dice.choose(PLACE_MIDDLES) + dice.choose(PLACE_TAILS)


def _deed(dice: Dice) -> str:
    done = dice.choose(MANNERS) + dice.choose(DEEDS)
    where = _place(dice) if dice.chance(0.6) else dice.choose(KINDS)
    return f"{done}{where}的{dice.choose(THINGS)}"
