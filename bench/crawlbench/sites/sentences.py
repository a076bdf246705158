"""The one-line quotes of the list pages: our own sentences, put together per movie (floor 1).

The real pages quote visitors; these are written for the mirror and speak of no film in particular.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.sites.movies import MovieFacts

QUOTELESS_EVERY = 41
"""Each such movie has no quote: a few real ones have none either, though none on page 1."""

TRAILING_BLANK_EVERY = 9
"""Each such quote ends in a blank, as some real ones do: a reader has to strip it."""

OPENINGS = (
    "第一次看时只记住了结局",
    "灯亮以后没有人急着起身",
    "把片名又轻轻念出声来",
    "挑一个雨天从头再看一遍",
    "长大以后才听懂那句台词",
    "散场时街上已经空空荡荡",
    "原以为它只该归在{genre}那一栏",
    "镜头比剧中人更加有耐心",
    "{year}年的光还留在画面深处",
    "整个故事讲得不慌也不忙",
    "看到一半忽然想给家里打个电话",
    "真正的答案藏在几次沉默里",
    "每个人都曾在那扇门前犹豫",
    "声音总是比画面先一步抵达",
    "笑着笑着四周忽然安静下来",
    "借一格窗子打量别人的一生",
    "被朋友催了三回才肯点开",
    "结尾那个空镜头停了很久很久",
    "一句再见拖成了两个多钟头",
    "最轻的一笔偏偏落在最重的地方",
    "凌晨独自看完以后关掉屏幕",
    "配角只匆匆露过几分钟脸",
    "屋里谁都不是真正的旁观者",
    "墙上的钟在这里走得格外慢",
    "片尾字幕滚到最后一行",
)
"""First halves, 25: a page of 25 ranks uses each once."""

TURNS = (
    "才发现开场早就埋好了伏线",
    "心里却多出一盏忘了关的灯",
    "像拆开一封迟到多年的信",
    "没说完的话留给下一次重逢",
    "连窗外的风都变得具体起来",
    "原来勇气也可以这样不声不响",
    "于是与从前的自己握手言和",
    "仿佛有人替我把心事讲清楚",
    "回家的那条路忽然短了一大截",
    "那些名字从此都有了自己的面孔",
    "再平常不过的日子也值得细看",
    "眼眶的反应总比道理更快一步",
    "终于相信等待也算一种回答",
    "余下的坡总要靠自己慢慢爬",
    "好像又走进一座陌生的小城",
    "记忆里凭空又添了一个季节",
    "在座没有谁舍得把遗憾点破",
    "我情愿再买一张票重新入场",
    "世界照旧，只是看它的人换了眼光",
    "应该和要紧的人并肩坐着看",
    "散落的线头在此刻悄悄系紧",
    "善意绕了好几个弯还是送到了",
    "忍不住倒回去把旋律再听一次",
    "可见好作品用不着提高嗓门",
    "便懂得所谓来日其实并不方长",
)
"""Second halves, 25: a page of 25 ranks uses each once."""


def compose_quote(movie: MovieFacts) -> str:
    """Return the movie's quote, empty for one without; no two of 625 ranks share a pair of halves.

    A page's ranks walk through both tuples; each further page shifts them against each other.
    """
    if movie.rank % QUOTELESS_EVERY == 0:
        return ""
    page, place = divmod(movie.rank - 1, len(OPENINGS))
    # 7 and 25 have no common divisor, so that a page uses each second half once.
    turn = TURNS[(7 * place + page) % len(TURNS)]
    opening = OPENINGS[place].format(genre=movie.genres.split()[0], year=movie.year)
    blank = " " if movie.rank % TRAILING_BLANK_EVERY == 0 else ""
    return f"{opening}，{turn}。{blank}"
