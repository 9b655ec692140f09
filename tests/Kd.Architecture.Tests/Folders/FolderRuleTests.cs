namespace Kd.Architecture.Tests.Folders;

/// <summary>Tests the rules about folders with the types of Planted/ and with made-up uses.</summary>
public sealed class FolderRuleTests
{
    private static readonly IReadOnlySet<TypeUse> s_planted = TypeUseReader.Read(typeof(FolderRuleTests).Assembly.Location);

    public static TheoryData<string> PlantedUsers =>
        [
            .. from type in typeof(FolderRuleTests).Assembly.GetTypes()
            where type is { Namespace: "Planted.Lower", DeclaringType: null }
            select type.Name.Split('`')[0],
        ];

    [Theory]
    [MemberData(nameof(PlantedUsers))]
    public void FindUsesOfHigher_PlantedUse_IsFound(string user)
    {
        var found = FolderRules.FindUsesOfHigher(s_planted, "Planted", ["Lower", "Upper"]);
        Assert.Contains(found, line => line.StartsWith($"Planted.Lower.{user} uses Planted.Upper.", StringComparison.Ordinal));
    }

    [Fact]
    public void FindUsesOfHigher_UseOfLower_IsAllowed()
    {
        var allowed = new TypeUse(new("Planted.Upper", "Permitted"), new("Planted.Lower", "Returned"));
        Assert.Contains(allowed, s_planted);
        Assert.DoesNotContain(allowed.ToString(), FolderRules.FindUsesOfHigher(s_planted, "Planted", ["Lower", "Upper"]));
    }

    [Fact]
    public void FindUsesOfHigher_RootWithoutPlace_IsBelowAllFolders()
    {
        var uses = Uses(("App", "App.Low"), ("App.Low", "App"));
        Assert.Equal(["App.User uses App.Low.Used"], FolderRules.FindUsesOfHigher(uses, "App", ["Low"]));
    }

    [Fact]
    public void FindUsesOfHigher_RootWithPlace_StandsThere()
    {
        var uses = Uses(("App", "App.Low"), ("App.Low", "App"));
        Assert.Equal(["App.Low.User uses App.Used"], FolderRules.FindUsesOfHigher(uses, "App", ["Low", Architecture.Root]));
    }

    [Fact]
    public void FindUsesOfHigher_DeepNamespace_BelongsToItsFirstFolder()
    {
        var uses = Uses(("App.Low.Deep", "App.Low"), ("App.Low", "App.High.Deep"));
        Assert.Equal(["App.Low.User uses App.High.Deep.Used"], FolderRules.FindUsesOfHigher(uses, "App", ["Low", "High"]));
    }

    [Fact]
    public void FindUsesOfHigher_OtherNamespaces_HaveNoFolder()
    {
        var uses = Uses(("", "App.High"), ("Application.Low", "App.High"), ("App.Low", "System.Text"), ("App.High", "App.Low"));
        Assert.Empty(FolderRules.FindUsesOfHigher(uses, "App", ["Low", "High"]));
    }

    [Fact]
    public void FindUsesOfHigher_FolderWithoutPlace_IsReported() =>
        Assert.Equal(["New has no place in the order of App"], FolderRules.FindUsesOfHigher(Uses(("App.Low", "App.New")), "App", ["Low"]));

    [Fact]
    public void FindUsesOfHigher_PlaceWithoutTypes_IsReported() =>
        Assert.Equal(
            ["Gone is in the order of App, but has no types"],
            FolderRules.FindUsesOfHigher(Uses(("App.High", "App.Low")), "App", ["Low", "Gone", "High"])
        );

    [Fact]
    public void FindCircles_PlantedCircle_IsFoundWithItsArrows() =>
        Assert.Equal(
            [
                "PlantedCircle: circle of First, Second, Third",
                "  First -> Second (1 uses, such as: PlantedCircle.First.Start uses PlantedCircle.Second.Middle)",
                "  Second -> Third (1 uses, such as: PlantedCircle.Second.Middle uses PlantedCircle.Third.End)",
                "  Third -> First (1 uses, such as: PlantedCircle.Third.End uses PlantedCircle.First.Start)",
            ],
            FolderRules.FindCircles(s_planted, "PlantedCircle")
        );

    [Fact]
    public void FindCircles_TwoCircles_AreReportedApart()
    {
        var uses = Uses(("App.A", "App.B"), ("App.B", "App.A"), ("App.B", "App.C"), ("App.C", "App.D"), ("App.D", "App.C"), ("App.D", "App.E"));
        var circles = FolderRules.FindCircles(uses, "App").Where(line => !line.StartsWith(' '));
        Assert.Equal(["App: circle of A, B", "App: circle of C, D"], circles);
    }

    [Fact]
    public void FindCircles_ThroughTheRoot_IsFound() =>
        Assert.Equal("App: circle of App itself, A", FolderRules.FindCircles(Uses(("App", "App.A"), ("App.A", "App")), "App").First());

    [Fact]
    public void FindCircles_TwoWaysUp_AreNoCircle() =>
        Assert.Empty(FolderRules.FindCircles(Uses(("App.C", "App.A"), ("App.C", "App.B"), ("App.B", "App.A"), ("App.A", "System")), "App"));

    [Fact]
    public void ReadImports_UsingOfAHigherFolder_IsAUse()
    {
        const string Text = "using System;\nusing Upper = Planted.Upper.Thing;\nusing static Planted.Other.Names;\nnamespace Planted.Lower;\nclass User { }";
        Assert.Equal(
            ["Planted.Lower.User uses Planted.Upper.Thing.*", "Planted.Lower.User uses Planted.Other.Names.*"],
            ImportReader.Read("src/Planted/Lower/User.cs", Text, "Planted").Select(use => use.ToString())
        );
    }

    private static HashSet<TypeUse> Uses(params (string User, string Used)[] namespaces) =>
        [.. namespaces.Select(pair => new TypeUse(new(pair.User, "User"), new(pair.Used, "Used")))];
}
