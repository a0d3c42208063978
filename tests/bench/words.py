"""The raw material of the generated feeds: words, and names that look like the web's."""

from __future__ import annotations

_ENGLISH = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an
which one were all there would their we him been has when who will more no if out so said what up its
about into than them can only other new some could time these two may then do first any now such like
our over even most made after also many before must through back years where much way well down should
because each just those people how too little state good very make world still own see men work long
market report energy minister growth company server language library release network climate harbour
election budget research science vaccine satellite museum festival railway bridge harvest fisheries
inflation parliament engineer designer painter orchestra telescope reactor battery compiler database
"""

_CHINESE = """
市场 公司 报告 增长 经济 政策 发展 技术 研究 数据 系统 网络 安全 能源 气候 城市 交通 教育 医疗 文化
历史 博物馆 音乐 电影 比赛 球队 冠军 选手 记者 消息 表示 认为 指出 预计 同比 环比 下降 上升 达到 超过
投资 银行 利率 通胀 债券 股票 基金 监管 改革 开放 合作 协议 谈判 出口 进口 制造 工厂 汽车 电池 芯片
软件 服务 用户 平台 模型 算法 开源 社区 版本 发布 更新 修复 问题 方案 设计 工程 桥梁 铁路 港口 航天
卫星 火箭 实验 科学家 大学 学生 老师 家庭 农村 粮食 水利 森林 海洋 环境 保护 法律 法院 议会 选举 总理
"""

ENGLISH, CHINESE = tuple(_ENGLISH.split()), tuple(_CHINESE.split())

TAGS = {
    "en": (
        "Politics",
        "Science & Technology",
        "Markets",
        "Culture",
        "Sport",
        "Open source",
        "Health",
        "Travel",
    ),
    "zh": ("财经", "科技", "时政", "文化", "体育", "开源", "健康"),
}
PEOPLE = {
    "en": ("Ada Morgan", "José Núñez", "Priya Raman", "Tom O’Hara", "Zoë Fischer", "Newsroom"),
    "zh": ("张伟", "王芳", "李娜", "刘洋", "陈静", "本报记者"),
}
