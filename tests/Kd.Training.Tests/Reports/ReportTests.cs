using System.Buffers.Binary;
using System.Xml.Linq;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Artifacts.TensorBoard;
using Kd.Training.Reports;
using Parquet.Serialization;

namespace Kd.Training.Tests.Reports;

[Collection(nameof(OneTrainer))]
public sealed class ReportTests
{
    // The check value of CRC-32C, 0xE3069283 for "123456789", masked by the format's rule.
    [Fact]
    public void MaskedChecksum_CheckString_IsTheMaskedCastagnoliValue()
    {
        const uint crc = 0xE3069283;
        Assert.Equal(unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u), TensorBoardLog.MaskedChecksum("123456789"u8));
    }

    [Theory]
    [InlineData("n01440764", "n01440764")]
    [InlineData("![x](https://example.org/p.png)", """\!\[x\]\(https://example.org/p.png\)""")]
    [InlineData("a | b\n<b>", """a \| b \<b\>""")]
    public void Escape_ClassName_StaysText(string name, string expected) => Assert.Equal(expected, RunReportMarkdown.Escape(name));

    [Fact]
    public async Task Run_WithATeacher_LeavesEventsDifficultyAndReport()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));

        Assert.Equal(
            0,
            await TrainerRuns.RunAsync(
                folder.Path,
                "run",
                "--Distillation:Method=kd-curriculum",
                $"--TeacherClient:Address={teacher.Grpc}",
                $"--AgentClient:Address={agent.Grpc}"
            )
        );

        var metrics = RunFolder.Open(folder.File("run")).ReadMetrics();
        var events = ReadEvents(Assert.Single(Directory.GetFiles(folder.File("run"), "events.out.tfevents.*")));
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([0, 1, 2], events.Skip(1).Select(entry => entry.Step));
        var last = events[^1].Summary.Value.ToDictionary(value => value.Tag, value => value.SimpleValue);
        Assert.Equal(((float)metrics[2].Loss, (float)metrics[2].ValidationAccuracy), (last["loss/training"], last["accuracy/validation"]));
        Assert.Equal((float)metrics[2].Temperature!.Value, last["curriculum/temperature"]);

        await using var file = File.OpenRead(folder.File("run/difficulty.parquet"));
        var rows = (await ParquetSerializer.DeserializeAsync<DifficultyRow>(file, cancellationToken: TestContext.Current.CancellationToken)).Data;
        Assert.Equal(Enumerable.Range(0, 144), rows.Select(row => row.Sample));
        Assert.All(rows.Where(row => row.Measured is not null), row => Assert.InRange(row.Difficulty, 0, 1));
        Assert.Equal(metrics[2].DifficultyHistogram!.Sum(), rows.Count(row => row.Measured is not null));
        Assert.Equal(24, rows.Select(row => row.Class).Distinct().Count());

        var html = File.ReadAllText(folder.File("run/report.html"));
        foreach (
            var part in new[]
            {
                "Training loss",
                "Difficulty over time",
                "Hardest training samples",
                "Confusion",
                "Calibration",
                "data:image/png;base64,",
                "Most frequent confusions",
            }
        )
            Assert.Contains(part, html);
        Assert.DoesNotContain("http://", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        var markdown = File.ReadAllText(folder.File("run/report.md"));
        foreach (var picture in Directory.GetFiles(folder.File("run/report"), "*.svg"))
        {
            Assert.Equal("svg", XDocument.Load(picture).Root!.Name.LocalName);
            Assert.Contains($"report/{Path.GetFileName(picture)}", markdown);
        }
    }

    [Fact]
    public void Lines_Series_AreInsideTheChart()
    {
        var chart = XElement.Parse(SvgChart.Lines("A < B", "epoch", ("one", [(1, 10), (2, double.NaN), (3, 30)]), ("two", [(1, 20)])));
        XNamespace svg = "http://www.w3.org/2000/svg";
        var points = chart
            .Descendants(svg + "polyline")
            .Select(line => line.Attribute("points")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        Assert.Equal([2, 1], points.Select(line => line.Length));
        Assert.All(
            points.SelectMany(line => line),
            point =>
            {
                var parts = Array.ConvertAll(point.Split(','), part => double.Parse(part, System.Globalization.CultureInfo.InvariantCulture));
                Assert.InRange(parts[0], 0, 640);
                Assert.InRange(parts[1], 0, 260);
            }
        );
        Assert.Contains("A < B", chart.Element(svg + "title")!.Value);
    }

    // As TensorBoard's reader does: lengths and checksums must hold.
    private static List<Event> ReadEvents(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<Event>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
            Assert.Equal(TensorBoardLog.MaskedChecksum(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var data = bytes.Slice(12, length);
            Assert.Equal(TensorBoardLog.MaskedChecksum(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            events.Add(Event.Parser.ParseFrom(data));
            bytes = bytes[(16 + length)..];
        }

        return events;
    }

    /// <summary>A row of difficulty.parquet, which another library reads here.</summary>
    internal sealed class DifficultyRow
    {
        public int Sample { get; set; }

        public string Name { get; set; } = "";

        public string Class { get; set; } = "";

        public float Difficulty { get; set; }

        public int? Measured { get; set; }
    }
}
